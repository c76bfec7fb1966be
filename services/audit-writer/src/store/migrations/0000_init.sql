-- The audit trail of every tenant (rest-api-core 7.1), one partition per UTC month of `ts`. The service may add rows and
-- read them; nobody but the owner changes or removes one.
create table audit.log (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  ts timestamptz not null,
  id text collate "C" not null check (length(id) <= 64),
  event_seq bigint not null check (event_seq > 0),
  action text collate "C" not null check (length(action) <= 64),
  identity_type text collate "C" not null check (length(identity_type) <= 32),
  identity_id text collate "C" not null check (length(identity_id) <= 320),
  secret_path text collate "C" check (length(secret_path) <= 528),
  source_ip text collate "C" check (length(source_ip) <= 64),
  user_agent text check (length(user_agent) <= 512),
  success boolean not null,
  error_code text check (length(error_code) <= 64),
  policy_id text check (length(policy_id) <= 128),
  duration_ms integer not null check (duration_ms >= 0),
  request_id text collate "C" not null check (length(request_id) <= 128),
  -- JSON as text: jsonb would sort the members, and refuses texts that JSON allows.
  extra_data text not null check (length(extra_data) <= 1048576),
  -- Tells a redelivered record. A key of a partitioned table holds the partition's column, and a record's time is fixed
  -- with its id.
  primary key (scope_id, ts, id)
) partition by range (ts);
--> statement-breakpoint
-- One index per filter, each in the order of the answer, so that a page is read off its end.
create index log_time on audit.log (scope_id, ts, event_seq);
--> statement-breakpoint
create index log_action on audit.log (scope_id, action, ts, event_seq);
--> statement-breakpoint
create index log_identity on audit.log (scope_id, identity_id, ts, event_seq);
--> statement-breakpoint
create index log_identity_type on audit.log (scope_id, identity_type, ts, event_seq);
--> statement-breakpoint
create index log_path on audit.log (scope_id, secret_path, ts, event_seq) where secret_path is not null;
--> statement-breakpoint
create index log_address on audit.log (scope_id, source_ip, ts, event_seq) where source_ip is not null;
--> statement-breakpoint
create index log_request on audit.log (scope_id, request_id, ts, event_seq);
--> statement-breakpoint
create index log_failure on audit.log (scope_id, ts, event_seq) where not success;
--> statement-breakpoint
alter table audit.log enable row level security;
--> statement-breakpoint
create policy by_scope on audit.log
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert on audit.log to scaivault_audit;
--> statement-breakpoint
-- The last event_seq given out in a tenant. Its row is the lock under which records get their numbers.
create table audit.head (
  scope_id text collate "C" primary key check (scope_id <> '' and length(scope_id) <= 130),
  event_seq bigint not null default 0 check (event_seq >= 0)
) with (fillfactor = 50);
--> statement-breakpoint
alter table audit.head enable row level security;
--> statement-breakpoint
create policy by_scope on audit.head
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on audit.head to scaivault_audit;
--> statement-breakpoint
-- Records that no tenant's log can take, whole, for whoever looks into the alarm. The service can only add to it: what
-- cannot be read may belong to anybody.
create table audit.quarantine (
  digest bytea primary key check (length(digest) = 32),
  received_at timestamptz not null default now(),
  reason text not null check (length(reason) <= 200),
  record bytea not null check (length(record) <= 20971520)
);
--> statement-breakpoint
grant insert on audit.quarantine to scaivault_audit;
--> statement-breakpoint
-- Makes the partition of a month (its first day) unless it is there. Tables belong to the owner, so the service asks for
-- them through this function alone. The new table is made beside the log and attached: unlike `partition of`, that does
-- not hold up whoever reads or writes the log. It grants nothing: queries go through the parent.
create function audit.ensure_partition(month date) returns void
language plpgsql security definer set search_path = audit, pg_temp as $$
declare
  partition_name text := 'log_' || to_char(month, 'YYYY_MM');
begin
  if month <> date_trunc('month', month)::date or month < date '2000-01-01' or month > current_date + 400 then
    raise exception 'no partition is made for %', month using errcode = 'invalid_parameter_value';
  end if;
  if to_regclass('audit.' || partition_name) is not null then return; end if;
  lock table audit.log in share update exclusive mode;
  if to_regclass('audit.' || partition_name) is not null then return; end if;
  execute format('create table audit.%I (like audit.log including defaults including constraints)', partition_name);
  execute format('alter table audit.%I enable row level security', partition_name);
  execute format(
    'alter table audit.log attach partition audit.%I for values from (%L) to (%L)',
    partition_name,
    to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
    to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00'
  );
end
$$;
--> statement-breakpoint
revoke all on function audit.ensure_partition(date) from public;
--> statement-breakpoint
grant execute on function audit.ensure_partition(date) to scaivault_audit;
--> statement-breakpoint
-- Takes records of one tenant, in the order given, and answers how many were new. Element n of each array belongs to
-- record n. Records that are there already stay as they are and take no number.
--
-- Partitions come first, because whoever waits for that lock must not hold a tenant's head. The head's lock makes number
-- and record one step: who comes next reads the head after the commit. Records are numbered as if all were new. None is:
-- nothing was done. Some are: that would leave gaps, so it is undone and each half is taken by itself. The key alone
-- tells what is new; a look-up beforehand would be planned, and a plan made while a month is empty stays in use when it
-- no longer is.
create function audit.store_records(
  scope text, times timestamptz[], ids text[], actions text[], identity_types text[], identity_ids text[],
  secret_paths text[], source_ips text[], user_agents text[], successes boolean[], error_codes text[],
  policy_ids text[], durations_ms integer[], request_ids text[], extras text[]
) returns integer
language plpgsql security invoker as $$
declare
  last_seq bigint;
  stored integer;
  half integer := cardinality(ids) / 2;
begin
  perform set_config('scaivault.scope', scope, true);
  perform audit.ensure_partition(m.month)
  from (select distinct date_trunc('month', t.ts at time zone 'UTC')::date as month from unnest(times) as t (ts)) m;

  insert into audit.head (scope_id) values (scope) on conflict do nothing;
  select h.event_seq into last_seq from audit.head h where h.scope_id = scope for update;

  begin
    insert into audit.log (
      scope_id, ts, id, event_seq, action, identity_type, identity_id, secret_path, source_ip, user_agent, success,
      error_code, policy_id, duration_ms, request_id, extra_data
    )
    select
      scope, r.ts, r.id, last_seq + r.position, r.action, r.identity_type, r.identity_id, r.secret_path, r.source_ip,
      r.user_agent, r.success, r.error_code, r.policy_id, r.duration_ms, r.request_id, r.extra_data
    from unnest(
      times, ids, actions, identity_types, identity_ids, secret_paths, source_ips, user_agents, successes, error_codes,
      policy_ids, durations_ms, request_ids, extras
    ) with ordinality as r (
      ts, id, action, identity_type, identity_id, secret_path, source_ip, user_agent, success, error_code, policy_id,
      duration_ms, request_id, extra_data, position
    )
    on conflict (scope_id, ts, id) do nothing;
    get diagnostics stored = row_count;
    if stored > 0 and stored < cardinality(ids) then
      raise exception 'some records are there already' using errcode = 'SV001';
    end if;
  exception when sqlstate 'SV001' then
    return audit.store_records(
      scope, times[:half], ids[:half], actions[:half], identity_types[:half], identity_ids[:half],
      secret_paths[:half], source_ips[:half], user_agents[:half], successes[:half], error_codes[:half],
      policy_ids[:half], durations_ms[:half], request_ids[:half], extras[:half]
    ) + audit.store_records(
      scope, times[half + 1:], ids[half + 1:], actions[half + 1:], identity_types[half + 1:], identity_ids[half + 1:],
      secret_paths[half + 1:], source_ips[half + 1:], user_agents[half + 1:], successes[half + 1:],
      error_codes[half + 1:], policy_ids[half + 1:], durations_ms[half + 1:], request_ids[half + 1:],
      extras[half + 1:]
    );
  end;

  if stored > 0 then
    update audit.head h set event_seq = last_seq + stored where h.scope_id = scope;
  end if;
  return stored;
end
$$;
--> statement-breakpoint
create table audit.cursor_key (only_row boolean primary key default true check (only_row), key bytea not null);
--> statement-breakpoint
insert into audit.cursor_key (key)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
--> statement-breakpoint
grant select on audit.cursor_key to scaivault_audit;
