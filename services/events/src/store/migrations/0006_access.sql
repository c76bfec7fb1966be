create index listener_of_access on events.listener (scope_id)
  where is_active and events && array['*', 'secret.*', 'secret.accessed'];
--> statement-breakpoint
-- Tenants in which somebody listens to `secret.accessed`, and the partners whose shared secrets they may read: names of
-- scopes and nothing of theirs, for the processes that hand out values.
create function events.find_access_scopes(most integer) returns table (scope_id text)
language sql stable security definer set search_path = events, pg_temp as $$
  with listening as (
    select distinct l.scope_id, l.partner_id from listener l
    where l.is_active and l.events && array['*', 'secret.*', 'secret.accessed']
    limit most
  )
  select i.scope_id from listening i union select 'p:' || i.partner_id from listening i
$$;
--> statement-breakpoint
revoke all on function events.find_access_scopes(integer) from public;
--> statement-breakpoint
grant execute on function events.find_access_scopes(integer) to scaivault_events;
