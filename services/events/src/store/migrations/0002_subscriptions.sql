-- Subscriptions (rest-api-core 10): what they have beyond a listener.
create table events.subscription (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  id text collate "C" not null check (length(id) <= 64),
  name text not null check (length(name) between 1 and 128),
  status text not null check (status in ('active', 'paused', 'disabled')),
  -- The owner: ScaiKey's id, which names nobody else ever, and the tenant in which it does.
  owner_tenant_id text collate "C" not null check (length(owner_tenant_id) between 1 and 128),
  owner_subject_id text collate "C" not null check (length(owner_subject_id) between 1 and 256),
  identity_type text not null check (identity_type in ('user', 'service_account')),
  identity_id text collate "C" not null check (length(identity_id) between 1 and 320),
  delivery_type text not null check (delivery_type in ('webhook', 'polling')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (scope_id, id),
  foreign key (scope_id, id) references events.listener (scope_id, id) on delete cascade
);
--> statement-breakpoint
create index subscription_owner on events.subscription (scope_id, owner_tenant_id, owner_subject_id, id);
--> statement-breakpoint
alter table events.subscription enable row level security;
--> statement-breakpoint
create policy by_scope on events.subscription
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on events.subscription to scaivault_events;
--> statement-breakpoint
-- One row for each polling subscription: the state of its buffer. Whoever changes the buffer holds this row, so places are
-- taken in the order of the commits: who has seen a place has seen every earlier one.
create table events.buffer (
  scope_id text collate "C" not null,
  subscription_id text collate "C" not null,
  size integer not null check (size between 1 and 10000),
  -- Place of the newest event, ever.
  newest bigint not null default 0,
  -- Events in the buffer.
  waiting integer not null default 0 check (waiting >= 0),
  -- Events lost since the last acknowledgement, and how many of them a poll has told of.
  dropped integer not null default 0 check (dropped >= 0),
  dropped_told integer not null default 0 check (dropped_told >= 0),
  -- Of the newest poll; it ends all earlier ones.
  poll_number bigint not null default 0,
  -- The last event that was acknowledged, for polls that go on behind it.
  acknowledged_id text collate "C" check (length(acknowledged_id) <= 64),
  acknowledged_place bigint,
  primary key (scope_id, subscription_id),
  foreign key (scope_id, subscription_id) references events.subscription (scope_id, id) on delete cascade
) with (fillfactor = 70);
--> statement-breakpoint
alter table events.buffer enable row level security;
--> statement-breakpoint
create policy by_scope on events.buffer
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on events.buffer to scaivault_events;
--> statement-breakpoint
-- Events that wait to be fetched and acknowledged. They do not refer to `event` by a key of the database: a buffer lets go
-- of an event weeks before that table forgets it.
create table events.buffered_event (
  scope_id text collate "C" not null,
  subscription_id text collate "C" not null,
  place bigint not null,
  event_id text collate "C" not null check (length(event_id) <= 64),
  buffered_at timestamptz not null default now(),
  primary key (scope_id, subscription_id, place),
  foreign key (scope_id, subscription_id) references events.buffer (scope_id, subscription_id) on delete cascade
);
--> statement-breakpoint
create unique index buffered_event_id on events.buffered_event (scope_id, subscription_id, event_id);
--> statement-breakpoint
create index buffered_event_age on events.buffered_event (buffered_at);
--> statement-breakpoint
alter table events.buffered_event enable row level security;
--> statement-breakpoint
create policy by_scope on events.buffered_event
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, delete on events.buffered_event to scaivault_events;
--> statement-breakpoint
-- Reaches across scopes and takes nothing but what has waited for longer than seven days; how many buffers it has gone
-- through. A buffer that somebody holds is left for the next time.
create function events.expire_buffered_events(most integer) returns integer
language plpgsql security definer set search_path = events, pg_temp as $$
declare
  due record;
  gone integer;
  buffers integer := 0;
begin
  for due in
    select b.scope_id, b.subscription_id from buffer b
    where (b.scope_id, b.subscription_id) in (
      select e.scope_id, e.subscription_id from buffered_event e
      where e.buffered_at < now() - interval '7 days' order by e.buffered_at limit most
    )
    for update skip locked
  loop
    delete from buffered_event e
    where e.scope_id = due.scope_id and e.subscription_id = due.subscription_id
      and e.buffered_at < now() - interval '7 days';
    get diagnostics gone = row_count;
    update buffer b set waiting = b.waiting - gone, dropped = b.dropped + gone
    where b.scope_id = due.scope_id and b.subscription_id = due.subscription_id;
    buffers := buffers + 1;
  end loop;
  return buffers;
end
$$;
--> statement-breakpoint
revoke all on function events.expire_buffered_events(integer) from public;
--> statement-breakpoint
grant execute on function events.expire_buffered_events(integer) to scaivault_events;
--> statement-breakpoint
-- For a process whose polls wait in many tenants: which of these buffers have something newer than that place, or a newer
-- poll than that one. Says nothing of what it is.
create function events.find_poll_news(scopes text[], ids text[], places bigint[], polls bigint[])
returns table (subscription_id text, newest bigint, poll_number bigint)
language sql stable security definer set search_path = events, pg_temp as $$
  select b.subscription_id, b.newest, b.poll_number
  from unnest(scopes, ids, places, polls) as w (scope_id, id, place, poll)
  join buffer b on b.scope_id = w.scope_id and b.subscription_id = w.id
  where b.newest > w.place or b.poll_number > w.poll
$$;
--> statement-breakpoint
revoke all on function events.find_poll_news(text[], text[], bigint[], bigint[]) from public;
--> statement-breakpoint
grant execute on function events.find_poll_news(text[], text[], bigint[], bigint[]) to scaivault_events;
