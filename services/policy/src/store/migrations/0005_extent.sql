-- How much a scope's policies come to, bindings included. A process gets those of a tenant and of its partner as one message
-- and holds them compiled, and the worst a decision can cost is a look at each rule; so both have an end. Kept by triggers,
-- so that no write can be forgotten, and read by nobody but them.
create table policy.extent (
  scope_id text collate "C" primary key check (scope_id <> '' and length(scope_id) <= 130),
  rules bigint not null,
  bytes bigint not null
);
--> statement-breakpoint
alter table policy.extent enable row level security;
--> statement-breakpoint
-- A tenant's 14 MiB and a partner's 4 MiB fit the 20 MiB of one message. What grows beyond is refused; what shrinks never is.
create function policy.grow_extent(of_scope text, more_rules bigint, more_bytes bigint) returns void
language plpgsql security definer set search_path = policy, pg_temp as $$
declare
  most_rules bigint := case when of_scope like 'p:%' then 25000 else 100000 end;
  most_bytes bigint := case when of_scope like 'p:%' then 4 else 14 end * 1048576;
  total policy.extent;
begin
  if more_rules = 0 and more_bytes = 0 then
    return;
  end if;
  insert into policy.extent as e (scope_id, rules, bytes) values (of_scope, more_rules, more_bytes)
  on conflict (scope_id) do update set rules = e.rules + excluded.rules, bytes = e.bytes + excluded.bytes
  returning * into total;
  if more_rules > 0 and total.rules > most_rules then
    raise exception 'too many rules' using errcode = 'check_violation', constraint = 'extent_rules';
  end if;
  if more_bytes > 0 and total.bytes > most_bytes then
    raise exception 'too many bytes' using errcode = 'check_violation', constraint = 'extent_bytes';
  end if;
end
$$;
--> statement-breakpoint
revoke all on function policy.grow_extent(text, bigint, bigint) from public;
--> statement-breakpoint
-- What a row adds to the message, and some for the fields around it; room for a subject is kept, so that pinning adds nothing.
create function policy.bytes_of(row_of policy.policy) returns bigint
language sql immutable set search_path = policy, pg_temp as $$
  select octet_length(row_of.name) + octet_length(row_of.rules) + 80
$$;
--> statement-breakpoint
create function policy.bytes_of(row_of policy.binding) returns bigint
language sql immutable set search_path = policy, pg_temp as $$
  select octet_length(row_of.identity_id) + greatest(octet_length(row_of.subject_id), 64) + 48
$$;
--> statement-breakpoint
create function policy.count_policy() returns trigger
language plpgsql security definer set search_path = policy, pg_temp as $$
begin
  perform policy.grow_extent(
    coalesce(new.scope_id, old.scope_id),
    coalesce(new.rule_count, 0) - coalesce(old.rule_count, 0),
    coalesce(policy.bytes_of(new), 0) - coalesce(policy.bytes_of(old), 0)
  );
  return null;
end
$$;
--> statement-breakpoint
revoke all on function policy.count_policy() from public;
--> statement-breakpoint
create function policy.count_binding() returns trigger
language plpgsql security definer set search_path = policy, pg_temp as $$
begin
  perform policy.grow_extent(
    coalesce(new.scope_id, old.scope_id), 0, coalesce(policy.bytes_of(new), 0) - coalesce(policy.bytes_of(old), 0)
  );
  return null;
end
$$;
--> statement-breakpoint
revoke all on function policy.count_binding() from public;
--> statement-breakpoint
insert into policy.extent (scope_id, rules, bytes)
select scope_id, sum(rules), sum(bytes) from (
  select p.scope_id, p.rule_count as rules, policy.bytes_of(p) as bytes from policy.policy p
  union all
  select b.scope_id, 0, policy.bytes_of(b) from policy.binding b
) held
group by scope_id;
--> statement-breakpoint
-- Deferred, like the number of the change (0002), and before it by name: who is stopped in the middle of a transaction
-- holds up nobody, and a scope is locked before the one row that all scopes share.
create constraint trigger count_extent after insert or update or delete on policy.policy
  deferrable initially deferred for each row execute function policy.count_policy();
--> statement-breakpoint
create constraint trigger count_extent after insert or update or delete on policy.binding
  deferrable initially deferred for each row execute function policy.count_binding();
--> statement-breakpoint
-- As before, but one at a time: it alone touches several scopes at once, and two could wait for each other.
create or replace function policy.sweep_expired_bindings(expired_before timestamptz, most integer) returns integer
language plpgsql security definer set search_path = policy, pg_temp as $$
declare
  gone integer;
begin
  if not pg_try_advisory_xact_lock(hashtext('policy.sweep_expired_bindings')) then
    return 0;
  end if;
  with due as (
    select scope_id, policy_id, id from policy.binding
    where expires_at < least(expired_before, now())
    order by expires_at
    limit most
    for update skip locked
  ), removed as (
    delete from policy.binding b using due
    where b.scope_id = due.scope_id and b.policy_id = due.policy_id and b.id = due.id
    returning 1
  )
  select count(*)::integer into gone from removed;
  return gone;
end
$$;
