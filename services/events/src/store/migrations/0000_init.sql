-- Whoever listens in a tenant (rest-api-core 9, 10): what a webhook and a subscription have in common, so that one
-- statement finds all of both kinds that an event may concern. Each kind keeps the rest in a table of its own, whose rows
-- refer to these.
create table events.listener (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  -- `wh_…` or `sub_…`
  id text collate "C" not null check (length(id) <= 64),
  kind text collate "C" not null check (kind in ('webhook', 'subscription')),
  -- Partner of the tenant, for the events of its shared objects.
  partner_id text collate "C" not null check (partner_id <> '' and length(partner_id) <= 128),
  -- Exact names, `<group>.*`, `*`.
  events text[] not null check (cardinality(events) between 1 and 100),
  path_prefix text collate "C" check (length(path_prefix) <= 528),
  secret_type text collate "C" check (length(secret_type) <= 32),
  -- Null: not asked for.
  tags text[] check (cardinality(tags) <= 64),
  -- Globs over policy paths; null for webhooks.
  paths text[] check (cardinality(paths) between 1 and 50),
  is_active boolean not null default true,
  primary key (scope_id, id)
);
--> statement-breakpoint
create index listener_active on events.listener (scope_id) where is_active;
--> statement-breakpoint
create index listener_of_partner on events.listener (partner_id) where is_active;
--> statement-breakpoint
alter table events.listener enable row level security;
--> statement-breakpoint
create policy by_scope on events.listener
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on events.listener to scaivault_events;
--> statement-breakpoint
-- Active listeners of these tenants and of all tenants of these partners that name one of these events. Events come for
-- many tenants at once, so this is the one look across them.
create function events.find_listeners(scopes text[], partners text[], names text[])
returns table (
  scope_id text, id text, kind text, partner_id text, events text[], path_prefix text, secret_type text, tags text[],
  paths text[]
)
language sql stable security definer set search_path = events, pg_temp as $$
  select l.scope_id, l.id, l.kind, l.partner_id, l.events, l.path_prefix, l.secret_type, l.tags, l.paths
  from listener l
  where l.is_active and l.scope_id = any (scopes) and l.events && names
  union
  select l.scope_id, l.id, l.kind, l.partner_id, l.events, l.path_prefix, l.secret_type, l.tags, l.paths
  from listener l
  where l.is_active and l.partner_id = any (partners) and l.events && names
$$;
--> statement-breakpoint
revoke all on function events.find_listeners(text[], text[], text[]) from public;
--> statement-breakpoint
grant execute on function events.find_listeners(text[], text[], text[]) to scaivault_events;
--> statement-breakpoint
-- What happened and somebody in the tenant listens to. Its key tells an event that comes again; it is there exactly if
-- the rows for its listeners were written with it.
create table events.event (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  id text collate "C" not null check (length(id) <= 64),
  event_type text collate "C" not null check (length(event_type) <= 64),
  occurred_at timestamptz not null,
  path text collate "C" check (length(path) <= 528),
  -- The envelope (rest-api-core 8.1) as every receiver gets it, byte for byte.
  body text not null check (length(body) <= 65536),
  received_at timestamptz not null default now(),
  primary key (scope_id, id)
);
--> statement-breakpoint
create index event_received on events.event (received_at);
--> statement-breakpoint
alter table events.event enable row level security;
--> statement-breakpoint
create policy by_scope on events.event
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert on events.event to scaivault_events;
--> statement-breakpoint
-- Removes events of any tenant that came before that time, the oldest first; how many. Rows that refer to them go with
-- them.
create function events.forget_events(before timestamptz, most integer) returns integer
language plpgsql security definer set search_path = events, pg_temp as $$
declare
  forgotten integer;
begin
  with old as (
    select e.scope_id, e.id from event e
    where e.received_at < before
    order by e.received_at limit most
    for update skip locked
  )
  delete from event e using old where e.scope_id = old.scope_id and e.id = old.id;
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
--> statement-breakpoint
revoke all on function events.forget_events(timestamptz, integer) from public;
--> statement-breakpoint
grant execute on function events.forget_events(timestamptz, integer) to scaivault_events;
--> statement-breakpoint
create table events.cursor_key (only_row boolean primary key default true check (only_row), key bytea not null);
--> statement-breakpoint
insert into events.cursor_key (key)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
--> statement-breakpoint
grant select on events.cursor_key to scaivault_events;
