-- Recipes for generated values (rest-api-core 5).
create table secrets.secret_policy (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  id text collate "C" not null check (length(id) between 1 and 64),
  name text collate "C" not null check (length(name) between 1 and 128),
  policy_type text collate "C" not null check (length(policy_type) between 1 and 32),
  description text check (length(description) <= 1024),
  -- JSON text, as it was sent: a list of name, generator and config.
  fields text not null check (octet_length(fields) <= 1048576),
  is_active boolean not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (scope_id, id),
  constraint secret_policy_name unique (scope_id, name)
);
--> statement-breakpoint
alter table secrets.secret_policy enable row level security;
--> statement-breakpoint
create policy by_scope on secrets.secret_policy
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on secrets.secret_policy to scaivault_secrets;
--> statement-breakpoint
-- The policy that generates a secret's values. A partner's secret uses one of the tenant it was set in, so the policy's
-- scope stands beside it.
alter table secrets.secret
  add column notify_before text[] not null default '{30d,7d,1d}' check (cardinality(notify_before) <= 10),
  add column secret_policy_scope text collate "C",
  add column secret_policy_id text collate "C" check (length(secret_policy_id) <= 64),
  -- When the next thing happens to the secret by itself: a notice of its expiry, the expiry, the end of its retention.
  add column due_at timestamptz,
  add constraint secret_policy_whole check ((secret_policy_scope is null) = (secret_policy_id is null)),
  add constraint secret_by_policy foreign key (secret_policy_scope, secret_policy_id)
    references secrets.secret_policy (scope_id, id);
--> statement-breakpoint
create index secret_by_secret_policy on secrets.secret (secret_policy_scope, secret_policy_id, scope_id, path)
  where secret_policy_id is not null;
--> statement-breakpoint
create index secret_by_expiry on secrets.secret (scope_id, expires_at, path)
  where expires_at is not null and deleted_at is null;
--> statement-breakpoint
create index secret_due on secrets.secret (due_at) where due_at is not null;
--> statement-breakpoint
alter table secrets.version
  -- End of the time in which a rotated version stays readable; null: no rotation has put another one in its place.
  add column grace_ends_at timestamptz,
  -- Whether a rotation wrote it.
  add column is_rotation boolean not null default false,
  -- Where the ciphertext lies when it is too large for a row; the key is part of what the ciphertext authenticates.
  add column object_key text collate "C" check (object_key ~ '^[0-9a-f]{64}$'),
  drop constraint version_check,
  add constraint version_whole check (
    num_nonnulls(data_key_wrapped, wrapped_by) = case when destroyed_at is null then 2 else 0 end
    and num_nonnulls(data_ct, object_key) = case when destroyed_at is null then 1 else 0 end
  );
--> statement-breakpoint
-- The versions whose value exists; all others of a long history are passed by.
create index version_kept on secrets.version (scope_id, path, version) where destroyed_at is null;
--> statement-breakpoint
-- What rotations have done (rest-api-core 4.3, `:rotate`).
create table secrets.rotation (
  scope_id text collate "C" not null,
  id text collate "C" not null check (length(id) between 1 and 64),
  path text collate "C" not null,
  old_version integer not null check (old_version >= 1),
  new_version integer not null check (new_version > old_version),
  auto_generated boolean not null,
  grace_ends_at timestamptz,
  reason text check (length(reason) <= 256),
  triggered_by text not null check (length(triggered_by) <= 1024),
  started_at timestamptz not null,
  completed_at timestamptz not null,
  primary key (scope_id, id),
  foreign key (scope_id, path) references secrets.secret (scope_id, path) on delete cascade
);
--> statement-breakpoint
create index rotation_by_path on secrets.rotation (scope_id, path, id);
--> statement-breakpoint
alter table secrets.rotation enable row level security;
--> statement-breakpoint
create policy by_scope on secrets.rotation
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, delete on secrets.rotation to scaivault_secrets;
--> statement-breakpoint
-- Ciphertexts above the threshold, where no bucket is configured (packages/object-store).
create table secrets.object (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  key text collate "C" not null check (key ~ '^[0-9a-f]{64}$'),
  bytes bytea storage external not null,
  created_at timestamptz not null default now(),
  primary key (scope_id, key)
);
--> statement-breakpoint
alter table secrets.object enable row level security;
--> statement-breakpoint
create policy by_scope on secrets.object
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on secrets.object to scaivault_secrets;
--> statement-breakpoint
-- Objects that no version names, or not yet: written before the row that will name them, and those of erased versions.
-- Who adopts one takes its row away in the transaction that names it; what is due is deleted.
create table secrets.loose_object (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  key text collate "C" not null check (key ~ '^[0-9a-f]{64}$'),
  due_at timestamptz not null,
  -- Counts the claims; whoever deletes the row shows that the claim was still its own.
  claim integer not null default 0,
  primary key (scope_id, key)
);
--> statement-breakpoint
create index loose_object_due on secrets.loose_object (due_at);
--> statement-breakpoint
alter table secrets.loose_object enable row level security;
--> statement-breakpoint
create policy by_scope on secrets.loose_object
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on secrets.loose_object to scaivault_secrets;
--> statement-breakpoint
drop function secrets.read_versions(text, text[], integer[]);
--> statement-breakpoint
-- The hot read, any number of a tenant's secrets in one round trip: sets the scope for this statement's transaction and
-- returns at most one row per key, with the key's place; of the version named or (null) the current one. The version's
-- columns are null when there is no such version. Without its settings a plan made for a few rows would scan the table
-- for ever after.
create function secrets.read_versions(p_scope text, p_paths text[], p_versions integer[])
returns table (
  place bigint, current_version integer, metadata text, created_at timestamptz, updated_at timestamptz,
  last_accessed_at timestamptz, deleted_at timestamptz, secret_policy_id text,
  version integer, secret_type text, expires_at timestamptz, grace_ends_at timestamptz,
  data_ct bytea, object_key text, data_key_wrapped bytea, wrapped_by text
)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
  perform set_config('scaivault.scope', p_scope, true);
  return query
    select k.place, s.current_version, s.metadata, s.created_at, s.updated_at, s.last_accessed_at, s.deleted_at,
      s.secret_policy_id, v.version, v.secret_type, v.expires_at, v.grace_ends_at,
      v.data_ct, v.object_key, v.data_key_wrapped, v.wrapped_by
    from unnest(p_paths, p_versions) with ordinality as k (path, version, place)
    join secrets.secret s on s.scope_id = p_scope and s.path = k.path
    left join secrets.version v
      on v.scope_id = p_scope and v.path = k.path and v.version = coalesce(k.version, s.current_version);
end $$;
--> statement-breakpoint
-- Secrets of any tenant to which something happens now, the longest due first, for the sweep alone: it learns where to
-- look and nothing else.
create function secrets.due_secrets(p_now timestamptz, p_limit integer)
returns table (scope_id text, path text)
language sql stable security definer set search_path = secrets, pg_temp as $$
  select s.scope_id, s.path from secrets.secret s where s.due_at <= p_now order by s.due_at limit p_limit
$$;
--> statement-breakpoint
revoke execute on function secrets.due_secrets(timestamptz, integer) from public;
--> statement-breakpoint
grant execute on function secrets.due_secrets(timestamptz, integer) to scaivault_secrets;
--> statement-breakpoint
-- Loose objects of any tenant whose time is over, claimed for `p_lease` so that no other sweep takes them meanwhile.
create function secrets.claim_loose_objects(p_now timestamptz, p_lease interval, p_limit integer)
returns table (scope_id text, key text, claim integer)
language sql security definer set search_path = secrets, pg_temp as $$
  -- Materialized: a plan that ran it once per row would claim more than the limit.
  with due as materialized (
    select d.scope_id, d.key from secrets.loose_object d where d.due_at <= p_now
    order by d.due_at limit p_limit for update skip locked
  )
  update secrets.loose_object l set due_at = p_now + p_lease, claim = l.claim + 1
  from due where l.scope_id = due.scope_id and l.key = due.key
  returning l.scope_id, l.key, l.claim
$$;
--> statement-breakpoint
revoke execute on function secrets.claim_loose_objects(timestamptz, interval, integer) from public;
--> statement-breakpoint
grant execute on function secrets.claim_loose_objects(timestamptz, interval, integer) to scaivault_secrets;
--> statement-breakpoint
-- Moves times of access forward, row by row in the order of the paths, so that two processes never wait for each other in
-- a ring. The times are those of a minute's beginning; a secret made in a later minute is not the one that was read.
create function secrets.save_accesses(p_scope text, p_paths text[], p_times timestamptz[]) returns void
language plpgsql set enable_seqscan = off as $$
declare
  access record;
begin
  for access in select k.path, k.at from unnest(p_paths, p_times) as k (path, at) order by k.path collate "C" loop
    update secrets.secret s set last_accessed_at = access.at
    where s.scope_id = p_scope and s.path = access.path and s.created_at < access.at + interval '1 minute'
      and (s.last_accessed_at is null or s.last_accessed_at < access.at);
  end loop;
end $$;
