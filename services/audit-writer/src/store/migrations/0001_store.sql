-- Sealing, proofs and retention go through a tenant's records by number.
create index log_number on audit.log (scope_id, event_seq);
--> statement-breakpoint
-- What a tenant has chosen (rest-api-core 7.2); without a row the installation's default holds.
create table audit.settings (
  scope_id text collate "C" primary key check (scope_id <> '' and length(scope_id) <= 130),
  retention_days integer not null check (retention_days between 30 and 3650),
  updated_at timestamptz not null,
  updated_by text not null check (length(updated_by) <= 320)
);
--> statement-breakpoint
alter table audit.settings enable row level security;
--> statement-breakpoint
create policy by_scope on audit.settings
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on audit.settings to scaivault_audit;
--> statement-breakpoint
-- Records up to `removed_seq` are gone, the youngest of them from `removed_ts`. A record that is not younger may be one of
-- them that comes again, and nothing is left to tell it by.
alter table audit.head add column removed_seq bigint not null default 0 check (removed_seq between 0 and event_seq);
--> statement-breakpoint
alter table audit.head add column removed_ts timestamptz not null default '-infinity';
--> statement-breakpoint
-- The service gives numbers; what was removed is for the owner's functions to say.
revoke insert, update on audit.head from scaivault_audit;
--> statement-breakpoint
grant insert (scope_id), update (event_seq) on audit.head to scaivault_audit;
--> statement-breakpoint
-- Counts of a tenant's records by the UTC hour and the UTC day that they name, kept as the records come, so that no
-- summary has to look at them.
create table audit.tally (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  grain text collate "C" not null check (grain in ('hour', 'day')),
  start timestamptz not null,
  action text collate "C" not null check (length(action) <= 64),
  success boolean not null,
  -- Empty for none.
  error_code text collate "C" not null check (length(error_code) <= 64),
  records bigint not null check (records > 0),
  primary key (scope_id, grain, start, action, success, error_code)
) with (fillfactor = 70);
--> statement-breakpoint
alter table audit.tally enable row level security;
--> statement-breakpoint
create policy by_scope on audit.tally
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on audit.tally to scaivault_audit;
--> statement-breakpoint
-- How many different identities and paths an hour or a day has seen: the least marks of them (`least_marks`).
create table audit.sketch (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  grain text collate "C" not null check (grain in ('hour', 'day')),
  start timestamptz not null,
  identities bigint[] storage plain not null check (cardinality(identities) <= 256),
  paths bigint[] storage plain not null check (cardinality(paths) <= 256),
  primary key (scope_id, grain, start)
) with (fillfactor = 70);
--> statement-breakpoint
alter table audit.sketch enable row level security;
--> statement-breakpoint
create policy by_scope on audit.sketch
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on audit.sketch to scaivault_audit;
--> statement-breakpoint
-- What became of a path on a UTC day; kept for the trail's summary of 30 days and no longer.
create table audit.path_day (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  secret_path text collate "C" not null check (length(secret_path) <= 528),
  day date not null,
  reads bigint not null,
  writes bigint not null,
  denied bigint not null,
  last_read_at timestamptz,
  last_written_at timestamptz,
  identities bigint[] storage plain not null check (cardinality(identities) <= 256),
  primary key (scope_id, secret_path, day)
) with (fillfactor = 70);
--> statement-breakpoint
create index path_day_age on audit.path_day (day);
--> statement-breakpoint
alter table audit.path_day enable row level security;
--> statement-breakpoint
create policy by_scope on audit.path_day
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on audit.path_day to scaivault_audit;
--> statement-breakpoint
-- What an identity did on a UTC day; kept like path_day.
create table audit.identity_day (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  identity_id text collate "C" not null check (length(identity_id) <= 320),
  day date not null,
  records bigint not null,
  denied bigint not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  paths bigint[] storage plain not null check (cardinality(paths) <= 256),
  primary key (scope_id, identity_id, day)
) with (fillfactor = 70);
--> statement-breakpoint
create index identity_day_age on audit.identity_day (day);
--> statement-breakpoint
alter table audit.identity_day enable row level security;
--> statement-breakpoint
create policy by_scope on audit.identity_day
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on audit.identity_day to scaivault_audit;
--> statement-breakpoint
-- One record on its way into the log. `denied` says that its error code is an HTTP 403; the catalogue of codes is not ours.
create type audit.entry as (
  ts timestamptz, id text, action text, identity_type text, identity_id text, secret_path text, source_ip text,
  user_agent text, success boolean, error_code text, policy_id text, duration_ms integer, request_id text,
  extra_data text, denied boolean
);
--> statement-breakpoint
-- A number for a text, spread evenly over all bigints.
create function audit.mark_of(value text) returns bigint
language sql immutable strict parallel safe
return ('x' || left(md5(value), 16))::bit(64)::bigint;
--> statement-breakpoint
-- The least 256 different marks. As long as there are fewer, they are a set and counting it is exact; after that the
-- largest one tells how dense the marks lie, and so how many there are. Two such sets make the set of both.
create function audit.least_marks(marks bigint[]) returns bigint[]
language sql immutable strict parallel safe
return array(select distinct m.mark from unnest(marks) as m (mark) order by m.mark limit 256);
--> statement-breakpoint
-- The least marks of both; `more` is in order, `kept` when it is full. Mostly little or nothing is new, which is found out
-- without sorting.
create function audit.add_marks(kept bigint[], more bigint[]) returns bigint[]
language sql immutable strict parallel safe
return case
  when cardinality(kept) = 256 and more[1] > kept[256] then kept
  when cardinality(more) <= 16 and more <@ kept then kept
  when cardinality(more) = 1 and cardinality(kept) < 255 then kept || more
  else audit.least_marks(kept || more)
end;
--> statement-breakpoint
-- Adds records that are in the log now to the counts. The caller holds the tenant's head.
create function audit.count_entries(scope text, entries audit.entry[]) returns void
language plpgsql security invoker as $$
begin
  insert into audit.tally as t (scope_id, grain, start, action, success, error_code, records)
  select scope, g.grain, date_trunc(g.grain, e.ts, 'UTC') as start, e.action, e.success, coalesce(e.error_code, ''), count(*)
  from unnest(entries) as e cross join (values ('hour'), ('day')) as g (grain)
  group by g.grain, start, e.action, e.success, coalesce(e.error_code, '')
  on conflict (scope_id, grain, start, action, success, error_code)
    do update set records = t.records + excluded.records;

  insert into audit.sketch as s (scope_id, grain, start, identities, paths)
  select scope, g.grain, date_trunc(g.grain, e.ts, 'UTC') as start,
    (array_agg(distinct e.identity order by e.identity))[:256],
    coalesce((array_agg(distinct e.path order by e.path) filter (where e.path is not null))[:256], '{}')
  from (
    select distinct date_trunc('hour', n.ts, 'UTC') as ts, audit.mark_of(n.identity_id) as identity,
      audit.mark_of(n.secret_path) as path
    from unnest(entries) as n
  ) as e cross join (values ('hour'), ('day')) as g (grain)
  group by g.grain, start
  on conflict (scope_id, grain, start) do update set
    identities = audit.add_marks(s.identities, excluded.identities),
    paths = audit.add_marks(s.paths, excluded.paths);

  insert into audit.path_day as p (
    scope_id, secret_path, day, reads, writes, denied, last_read_at, last_written_at, identities
  )
  select scope, e.secret_path, e.day,
    count(*) filter (where e.success and e.action = 'read'), count(*) filter (where e.success and e.action = 'write'),
    count(*) filter (where e.denied), max(e.ts) filter (where e.success and e.action = 'read'),
    max(e.ts) filter (where e.success and e.action = 'write'),
    (array_agg(distinct e.identity order by e.identity))[:256]
  from (
    select n.*, (n.ts at time zone 'UTC')::date as day, audit.mark_of(n.identity_id) as identity from unnest(entries) as n
    where n.secret_path is not null
  ) as e
  group by e.secret_path, e.day
  on conflict (scope_id, secret_path, day) do update set
    reads = p.reads + excluded.reads, writes = p.writes + excluded.writes, denied = p.denied + excluded.denied,
    last_read_at = greatest(p.last_read_at, excluded.last_read_at),
    last_written_at = greatest(p.last_written_at, excluded.last_written_at),
    identities = audit.add_marks(p.identities, excluded.identities);

  insert into audit.identity_day as i (
    scope_id, identity_id, day, records, denied, first_seen_at, last_seen_at, paths
  )
  select scope, e.identity_id, e.day, count(*), count(*) filter (where e.denied), min(e.ts), max(e.ts),
    coalesce((array_agg(distinct e.path order by e.path) filter (where e.path is not null))[:256], '{}')
  from (
    select n.*, (n.ts at time zone 'UTC')::date as day, audit.mark_of(n.secret_path) as path from unnest(entries) as n
  ) as e
  group by e.identity_id, e.day
  on conflict (scope_id, identity_id, day) do update set
    records = i.records + excluded.records, denied = i.denied + excluded.denied,
    first_seen_at = least(i.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(i.last_seen_at, excluded.last_seen_at),
    paths = audit.add_marks(i.paths, excluded.paths);
end
$$;
--> statement-breakpoint
-- Records are numbered as if all were new. None is: nothing was done. Some are: that would leave gaps, so it is undone and
-- each half is taken by itself. The key alone tells what is new; a look-up beforehand would be planned, and a plan made
-- while a month is empty stays in use when it no longer is. The caller holds the tenant's head.
create function audit.insert_entries(scope text, entries audit.entry[]) returns integer
language plpgsql security invoker as $$
declare
  last_seq bigint := (select h.event_seq from audit.head h where h.scope_id = scope);
  stored integer;
  half integer := cardinality(entries) / 2;
begin
  begin
    insert into audit.log (
      scope_id, ts, id, event_seq, action, identity_type, identity_id, secret_path, source_ip, user_agent, success,
      error_code, policy_id, duration_ms, request_id, extra_data
    )
    select
      scope, e.ts, e.id, last_seq + e.position, e.action, e.identity_type, e.identity_id, e.secret_path, e.source_ip,
      e.user_agent, e.success, e.error_code, e.policy_id, e.duration_ms, e.request_id, e.extra_data
    from unnest(entries) with ordinality as e (
      ts, id, action, identity_type, identity_id, secret_path, source_ip, user_agent, success, error_code, policy_id,
      duration_ms, request_id, extra_data, denied, position
    )
    on conflict (scope_id, ts, id) do nothing;
    get diagnostics stored = row_count;
    if stored > 0 and stored < cardinality(entries) then
      raise exception 'some records are there already' using errcode = 'SV001';
    end if;
  exception when sqlstate 'SV001' then
    return audit.insert_entries(scope, entries[:half]) + audit.insert_entries(scope, entries[half + 1:]);
  end;

  if stored > 0 then
    update audit.head h set event_seq = last_seq + stored where h.scope_id = scope;
    perform audit.count_entries(scope, entries);
  end if;
  return stored;
end
$$;
--> statement-breakpoint
drop function audit.store_records(
  text, timestamptz[], text[], text[], text[], text[], text[], text[], text[], boolean[], text[], text[], integer[],
  text[], text[]
);
--> statement-breakpoint
-- Takes records of one tenant, in the order given: how many were new, or, and then nothing was stored, the ids of those
-- that are no younger than what was removed. Element n of each array belongs to record n. Records that are there already
-- stay as they are and take no number.
--
-- Partitions come first, because whoever waits for that lock must not hold a tenant's head. The head's lock makes number,
-- record and counts one step: who comes next reads the head after the commit.
create function audit.store_records(
  scope text, times timestamptz[], ids text[], actions text[], identity_types text[], identity_ids text[],
  secret_paths text[], source_ips text[], user_agents text[], successes boolean[], error_codes text[],
  policy_ids text[], durations_ms integer[], request_ids text[], extras text[], denials boolean[],
  out stored integer, out too_old text[]
)
language plpgsql security invoker as $$
declare
  removed timestamptz;
  entries audit.entry[];
begin
  perform set_config('scaivault.scope', scope, true);
  perform audit.ensure_partition(m.month)
  from (select distinct date_trunc('month', t.ts at time zone 'UTC')::date as month from unnest(times) as t (ts)) m;

  insert into audit.head (scope_id) values (scope) on conflict do nothing;
  select h.removed_ts into removed from audit.head h where h.scope_id = scope for update;

  stored := 0;
  too_old := array(select r.id from unnest(times, ids) as r (ts, id) where r.ts <= removed);
  if cardinality(too_old) > 0 then return; end if;

  entries := array(
    select r::audit.entry from unnest(
      times, ids, actions, identity_types, identity_ids, secret_paths, source_ips, user_agents, successes, error_codes,
      policy_ids, durations_ms, request_ids, extras, denials
    ) as r
  );
  stored := audit.insert_entries(scope, entries);
end
$$;
--> statement-breakpoint
-- The last number of the sealed batch that begins behind `seq`; null as long as none does. The one place that says what
-- is sealed: nothing else is ever removed.
create function audit.sealed_batch_end(scope text, seq bigint) returns bigint
language sql stable security definer set search_path = audit, pg_temp
return null::bigint;
--> statement-breakpoint
revoke all on function audit.sealed_batch_end(text, bigint) from public;
--> statement-breakpoint
-- When the tenant's records stop being kept: the younger of two clocks counts, so that one that jumps ahead removes
-- nothing.
create function audit.kept_from(scope text, default_days integer, now_at_service timestamptz) returns timestamptz
language sql stable security definer set search_path = audit, pg_temp
return least(now(), now_at_service) - make_interval(days => coalesce(
  (select s.retention_days from audit.settings s where s.scope_id = scope), greatest(default_days, 30)
));
--> statement-breakpoint
revoke all on function audit.kept_from(text, integer, timestamptz) from public;
--> statement-breakpoint
-- The next sealed batch of a tenant none of whose records is kept any more, by its numbers; no row when there is none.
create function audit.expired_batch(
  scope text, default_days integer, now_at_service timestamptz, out first_seq bigint, out last_seq bigint
) returns setof record
language plpgsql stable security definer set search_path = audit, pg_temp as $$
begin
  select h.removed_seq + 1 into first_seq from audit.head h where h.scope_id = scope;
  last_seq := audit.sealed_batch_end(scope, first_seq - 1);
  if last_seq is null then return; end if;
  perform from audit.log l
  where l.scope_id = scope and l.event_seq between first_seq and last_seq
    and l.ts >= audit.kept_from(scope, default_days, now_at_service);
  if not found then return next; end if;
end
$$;
--> statement-breakpoint
revoke all on function audit.expired_batch(text, integer, timestamptz) from public;
--> statement-breakpoint
-- Removes that batch and the counts of days that are not kept; answers how many records went, null when there was no
-- batch to remove.
create function audit.remove_expired_batch(
  scope text, default_days integer, now_at_service timestamptz, out removed integer, out last_seq bigint
)
language plpgsql security definer set search_path = audit, pg_temp as $$
declare
  batch record;
  kept timestamptz := audit.kept_from(scope, default_days, now_at_service);
  youngest timestamptz;
begin
  perform from audit.head h where h.scope_id = scope for update;
  select * into batch from audit.expired_batch(scope, default_days, now_at_service);
  if not found then return; end if;
  with gone as (
    delete from audit.log l
    where l.scope_id = scope and l.event_seq between batch.first_seq and batch.last_seq and l.ts < kept
    returning l.ts
  )
  select count(*), max(g.ts) into removed, youngest from gone g;
  last_seq := batch.last_seq;
  update audit.head h set removed_seq = batch.last_seq, removed_ts = greatest(h.removed_ts, youngest)
  where h.scope_id = scope;
  delete from audit.tally t
  where t.scope_id = scope and t.grain in ('hour', 'day') and t.start < date_trunc('day', kept, 'UTC');
  delete from audit.sketch s
  where s.scope_id = scope and s.grain in ('hour', 'day') and s.start < date_trunc('day', kept, 'UTC');
end
$$;
--> statement-breakpoint
revoke all on function audit.remove_expired_batch(text, integer, timestamptz) from public;
--> statement-breakpoint
grant execute on function audit.remove_expired_batch(text, integer, timestamptz) to scaivault_audit;
--> statement-breakpoint
-- The next tenants that have records, in the order of their keys, and of each the batch to remove, if there is one.
create function audit.find_expired(after text, most integer, default_days integer, now_at_service timestamptz)
returns table (scope_id text, first_seq bigint, last_seq bigint)
language sql stable security definer set search_path = audit, pg_temp as $$
  select h.scope_id, b.first_seq, b.last_seq
  from (
    select t.scope_id from audit.head t
    where t.scope_id > after and t.removed_seq < t.event_seq
    order by t.scope_id limit least(most, 1000)
  ) h left join lateral audit.expired_batch(h.scope_id, default_days, now_at_service) b on true
  order by h.scope_id
$$;
--> statement-breakpoint
revoke all on function audit.find_expired(text, integer, integer, timestamptz) from public;
--> statement-breakpoint
grant execute on function audit.find_expired(text, integer, integer, timestamptz) to scaivault_audit;
--> statement-breakpoint
-- Forgets days of paths and identities that no trail's summary looks at any more; answers how many rows went.
create function audit.forget_days(most integer) returns integer
language sql security definer set search_path = audit, pg_temp as $$
  with old_paths as (
    delete from audit.path_day where ctid in (
      select ctid from audit.path_day where day < (now() at time zone 'UTC')::date - 31 order by day limit most
    ) returning 1
  ), old_identities as (
    delete from audit.identity_day where ctid in (
      select ctid from audit.identity_day where day < (now() at time zone 'UTC')::date - 31 order by day limit most
    ) returning 1
  )
  select greatest((select count(*) from old_paths), (select count(*) from old_identities))::integer
$$;
--> statement-breakpoint
revoke all on function audit.forget_days(integer) from public;
--> statement-breakpoint
grant execute on function audit.forget_days(integer) to scaivault_audit;
--> statement-breakpoint
-- Drops months that are past every retention and in which no tenant has a record left; answers their names. A month that
-- is in use just now is left to the next time, so that nobody waits behind this.
create function audit.drop_empty_months() returns setof text
language plpgsql security definer set search_path = audit, pg_temp set lock_timeout = '200ms' as $$
declare
  month text;
  is_empty boolean;
begin
  for month in
    select i.inhrelid::regclass::text from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'audit.log'::regclass
      and to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' < now() - interval '31 days'
    order by c.relname
  loop
    execute format('select not exists (select from %s)', month) into is_empty;
    continue when not is_empty;
    begin
      execute format('lock table %s in access exclusive mode', month);
      execute format('select not exists (select from %s)', month) into is_empty;
      continue when not is_empty;
      execute format('drop table %s', month);
      return next month;
    exception when lock_not_available then
      null;
    end;
  end loop;
end
$$;
--> statement-breakpoint
revoke all on function audit.drop_empty_months() from public;
--> statement-breakpoint
grant execute on function audit.drop_empty_months() to scaivault_audit;
--> statement-breakpoint
-- Counts what the log holds already.
do $$
declare
  tenant record;
  first bigint;
begin
  for tenant in select h.scope_id, h.event_seq from audit.head h loop
    for first in select generate_series(1, tenant.event_seq, 5000) loop
      perform audit.count_entries(tenant.scope_id, array(
        select row(
          l.ts, l.id, l.action, l.identity_type, l.identity_id, l.secret_path, null, null, l.success, l.error_code, null,
          l.duration_ms, l.request_id, null,
          coalesce(l.error_code in (
            'access_denied', 'insufficient_scope', 'mfa_required', 'ip_not_allowed', 'time_window_violation',
            'tenant_access_denied', 'forbidden'
          ), false)
        )::audit.entry
        from audit.log l
        where l.scope_id = tenant.scope_id and l.event_seq between first and first + 4999
      ));
    end loop;
  end loop;
end
$$;
