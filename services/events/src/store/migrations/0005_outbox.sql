-- What happened in this service and is not shipped to `events` yet (rest-api-core 8). A row is written in the
-- transaction of the change, once the changed row is locked, so that for one resource positions rise in the order of the
-- commits. The service itself adds rows and sees none; its relay takes and removes them through the functions below. The
-- same in every service that has events; packages/outbox has the statements.
create table events.outbox (
  position bigint generated always as identity primary key,
  -- Null until the relay takes the row for the first time.
  event_id text collate "C" check (length(event_id) <= 64),
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  event_type text collate "C" not null check (length(event_type) <= 64),
  occurred_at timestamptz not null,
  identity_id text collate "C" not null check (length(identity_id) <= 1024),
  path text collate "C" check (length(path) <= 528),
  request_id text collate "C" check (length(request_id) <= 128),
  -- JSON as text: jsonb would sort the members.
  data text not null check (length(data) <= 32768),
  -- Of the secret that it is about; for filters.
  secret_type text collate "C" check (length(secret_type) <= 32),
  tags text[] not null check (cardinality(tags) <= 64)
) with (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02);
--> statement-breakpoint
alter table events.outbox enable row level security;
--> statement-breakpoint
create policy by_scope on events.outbox
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant insert on events.outbox to scaivault_events;
--> statement-breakpoint
-- The last event id given out; its row is the lock under which the next ones are. They rise whatever clocks do.
create table events.outbox_head (
  only_row boolean primary key default true check (only_row),
  last_id text collate "C" not null default '' check (length(last_id) <= 64)
) with (fillfactor = 10);
--> statement-breakpoint
insert into events.outbox_head default values;
--> statement-breakpoint
grant select, update on events.outbox_head to scaivault_events;
--> statement-breakpoint
-- The first rows of all tenants, in their order.
create function events.read_outbox(most integer) returns setof events.outbox
language sql stable security definer set search_path = events, pg_temp as $$
  select o.* from outbox o order by o.position limit most
$$;
--> statement-breakpoint
revoke all on function events.read_outbox(integer) from public;
--> statement-breakpoint
grant execute on function events.read_outbox(integer) to scaivault_events;
--> statement-breakpoint
-- Gives rows their event ids, element n of each array to row n; a row keeps the first one it got.
create function events.name_outbox(positions bigint[], ids text[]) returns void
language sql security definer set search_path = events, pg_temp as $$
  update outbox o set event_id = n.id
  from unnest(positions, ids) as n (position, id)
  where o.position = n.position and o.event_id is null
$$;
--> statement-breakpoint
revoke all on function events.name_outbox(bigint[], text[]) from public;
--> statement-breakpoint
grant execute on function events.name_outbox(bigint[], text[]) to scaivault_events;
--> statement-breakpoint
-- Removes what `events` has acknowledged; nothing else ever removes a row.
create function events.clear_outbox(positions bigint[]) returns void
language sql security definer set search_path = events, pg_temp as $$
  delete from outbox o where o.position = any (positions) and o.event_id is not null
$$;
--> statement-breakpoint
revoke all on function events.clear_outbox(bigint[]) from public;
--> statement-breakpoint
grant execute on function events.clear_outbox(bigint[]) to scaivault_events;
