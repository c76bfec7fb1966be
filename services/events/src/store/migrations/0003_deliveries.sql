-- Where events are sent by HTTP (rest-api-core 9, 10): the target of a webhook, or of a subscription that is delivered to,
-- under that one's id, with what its deliveries have made of it.
create table events.endpoint (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  -- `wh_…` or `sub_…`
  id text collate "C" not null check (length(id) <= 64),
  -- Partner of the tenant, under whose key the signing secrets are sealed.
  partner_id text collate "C" not null check (partner_id <> '' and length(partner_id) <= 128),
  url text not null check (length(url) <= 2048),
  is_enabled boolean not null,
  -- Set when its owner is deleted; its rows go in batches then.
  removed_at timestamptz,
  -- When to look for deliveries that are due: never later than the first of them, but for those that have to wait until
  -- others of this endpoint are through. Null: none waits. Only written under the lock of the row.
  due_at timestamptz,
  -- Whether its last attempt ended soon and well. Others have to share a part of each process, so that those who are not
  -- there hold up nobody but each other.
  is_quick boolean not null default false,
  consecutive_failures integer not null default 0 check (consecutive_failures >= 0),
  last_delivery_id text collate "C" check (length(last_delivery_id) <= 64),
  last_attempt_at timestamptz,
  last_status text collate "C" check (last_status in ('success', 'failed', 'pending')),
  last_response_code smallint,
  primary key (scope_id, id)
);
--> statement-breakpoint
create index endpoint_due on events.endpoint (is_quick, due_at) where due_at is not null;
--> statement-breakpoint
create index endpoint_removed on events.endpoint (removed_at) where removed_at is not null;
--> statement-breakpoint
alter table events.endpoint enable row level security;
--> statement-breakpoint
create policy by_scope on events.endpoint
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on events.endpoint to scaivault_events;
--> statement-breakpoint
-- What deliveries are signed with: the secret, and for a while the one before it.
create table events.signing_secret (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  endpoint_id text collate "C" not null,
  generation integer not null check (generation >= 1),
  secret_ct bytea not null check (octet_length(secret_ct) <= 512),
  -- The key of this row, sealed under the tenant key.
  key_ct bytea not null check (octet_length(key_ct) <= 1024),
  key_wrapped bytea not null check (octet_length(key_wrapped) <= 16384),
  wrapped_by text collate "C" not null check (length(wrapped_by) between 1 and 2048),
  -- Null: the present one.
  valid_until timestamptz,
  primary key (scope_id, endpoint_id, generation),
  foreign key (scope_id, endpoint_id) references events.endpoint (scope_id, id) on delete cascade
);
--> statement-breakpoint
alter table events.signing_secret enable row level security;
--> statement-breakpoint
create policy by_scope on events.signing_secret
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on events.signing_secret to scaivault_events;
--> statement-breakpoint
-- An event on its way to an endpoint.
create table events.delivery (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  id text collate "C" not null check (length(id) <= 64),
  endpoint_id text collate "C" not null,
  event_id text collate "C" not null,
  status text collate "C" not null default 'pending' check (status in ('success', 'failed', 'pending')),
  -- Attempts begun.
  attempt smallint not null default 0,
  is_running boolean not null default false check (not is_running or status = 'pending'),
  -- Rises with each claim; the outcome of an attempt counts only while it is that of the last claim.
  fence integer not null default 0,
  -- When the next attempt is due; while one runs, when it counts as lost.
  due_at timestamptz check ((due_at is not null) = (status = 'pending')),
  response_code smallint,
  duration_ms integer,
  error text collate "C" check (error in ('timeout', 'connect', 'tls', 'blocked_target', 'http_status')),
  redelivery_of text collate "C" check (length(redelivery_of) <= 64),
  created_at timestamptz not null default now(),
  primary key (scope_id, id),
  foreign key (scope_id, endpoint_id) references events.endpoint (scope_id, id),
  foreign key (scope_id, event_id) references events.event (scope_id, id) on delete cascade
);
--> statement-breakpoint
create index delivery_list on events.delivery (scope_id, endpoint_id, id);
--> statement-breakpoint
create index delivery_by_status on events.delivery (scope_id, endpoint_id, status, id);
--> statement-breakpoint
create index delivery_of_event on events.delivery (scope_id, event_id);
--> statement-breakpoint
create index delivery_due on events.delivery (scope_id, endpoint_id, due_at) where status = 'pending';
--> statement-breakpoint
create index delivery_running on events.delivery (scope_id, endpoint_id, due_at) where is_running;
--> statement-breakpoint
alter table events.delivery enable row level security;
--> statement-breakpoint
create policy by_scope on events.delivery
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on events.delivery to scaivault_events;
--> statement-breakpoint
-- An event that is sent again is kept for as long as its new delivery.
grant update (received_at) on events.event to scaivault_events;
--> statement-breakpoint
-- Attempts of the last 24 hours by the hour of the day, written over when that hour comes again.
create table events.endpoint_hour (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  endpoint_id text collate "C" not null,
  hour_of_day smallint not null check (hour_of_day between 0 and 23),
  begins_at timestamptz not null,
  attempts integer not null,
  successes integer not null,
  duration_ms bigint not null,
  primary key (scope_id, endpoint_id, hour_of_day),
  foreign key (scope_id, endpoint_id) references events.endpoint (scope_id, id) on delete cascade
);
--> statement-breakpoint
alter table events.endpoint_hour enable row level security;
--> statement-breakpoint
create policy by_scope on events.endpoint_hour
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on events.endpoint_hour to scaivault_events;
--> statement-breakpoint
-- Claims up to `most` deliveries of any tenant that are due, at most `per_endpoint` of one endpoint at once, those endpoints
-- first that have waited longest. A claim that is heard of no more by `lease_ms` is due again. What waits at a disabled
-- endpoint fails here, a bounded number at a time.
create function events.claim_deliveries(quick boolean, most integer, per_endpoint integer, lease_ms integer)
returns table (scope_id text, delivery_id text, fence integer)
language plpgsql security definer set search_path = events, pg_temp as $$
#variable_conflict use_column
declare
  ready record;
  running integer;
  claimed integer;
  remaining integer := most;
  next_due timestamptz;
begin
  for ready in
    select e.scope_id, e.id, e.is_enabled from endpoint e
    where e.is_quick = quick and e.due_at <= now()
    order by e.due_at limit 1000
    for no key update skip locked
  loop
    exit when remaining <= 0;
    claimed := 0;
    running := 0;
    if ready.is_enabled then
      select count(*) into running from delivery d
      where d.scope_id = ready.scope_id and d.endpoint_id = ready.id and d.is_running and d.due_at > now();
      return query
        update delivery d
        set is_running = true, attempt = d.attempt + 1, fence = d.fence + 1,
          due_at = now() + lease_ms * interval '1 millisecond'
        from (
          select w.id from delivery w
          where w.scope_id = ready.scope_id and w.endpoint_id = ready.id and w.status = 'pending' and w.due_at <= now()
          order by w.due_at limit greatest(0, least(per_endpoint - running, remaining))
        ) waiting
        where d.scope_id = ready.scope_id and d.id = waiting.id
        returning d.scope_id, d.id, d.fence;
      get diagnostics claimed = row_count;
      remaining := remaining - claimed;
    else
      update delivery d set status = 'failed', is_running = false, due_at = null
      from (
        select w.id from delivery w
        where w.scope_id = ready.scope_id and w.endpoint_id = ready.id and w.status = 'pending'
          and (not w.is_running or w.due_at <= now())
        order by w.due_at limit 1000
      ) waiting
      where d.scope_id = ready.scope_id and d.id = waiting.id;
    end if;
    if running + claimed >= per_endpoint then
      select min(d.due_at) into next_due from delivery d
      where d.scope_id = ready.scope_id and d.endpoint_id = ready.id and d.is_running;
    else
      select min(d.due_at) into next_due from delivery d
      where d.scope_id = ready.scope_id and d.endpoint_id = ready.id and d.status = 'pending';
    end if;
    update endpoint e set due_at = next_due where e.scope_id = ready.scope_id and e.id = ready.id;
  end loop;
end
$$;
--> statement-breakpoint
revoke all on function events.claim_deliveries(boolean, integer, integer, integer) from public;
--> statement-breakpoint
grant execute on function events.claim_deliveries(boolean, integer, integer, integer) to scaivault_events;
--> statement-breakpoint
-- Milliseconds until the next delivery of any tenant becomes due; null when none waits.
create function events.next_delivery_in() returns double precision
language sql security definer set search_path = events, pg_temp as $$
  select extract(epoch from least(
    (select min(due_at) from endpoint where is_quick and due_at > now()),
    (select min(due_at) from endpoint where not is_quick and due_at > now())
  ) - now()) * 1000
$$;
--> statement-breakpoint
revoke all on function events.next_delivery_in() from public;
--> statement-breakpoint
grant execute on function events.next_delivery_in() to scaivault_events;
--> statement-breakpoint
-- Removes up to `most` rows of endpoints whose owners are gone; how many.
create function events.forget_endpoints(most integer) returns integer
language plpgsql security definer set search_path = events, pg_temp as $$
declare
  gone record;
  forgotten integer := 0;
  removed integer;
begin
  for gone in
    select e.scope_id, e.id from endpoint e where e.removed_at is not null
    order by e.removed_at limit 100
    for update skip locked
  loop
    exit when forgotten >= most;
    with old as (
      select d.id from delivery d where d.scope_id = gone.scope_id and d.endpoint_id = gone.id limit most - forgotten
    )
    delete from delivery d using old where d.scope_id = gone.scope_id and d.id = old.id;
    get diagnostics removed = row_count;
    forgotten := forgotten + removed;
    if removed = 0 then
      delete from endpoint e where e.scope_id = gone.scope_id and e.id = gone.id;
      forgotten := forgotten + 1;
    end if;
  end loop;
  return forgotten;
end
$$;
--> statement-breakpoint
revoke all on function events.forget_endpoints(integer) from public;
--> statement-breakpoint
grant execute on function events.forget_endpoints(integer) to scaivault_events;
