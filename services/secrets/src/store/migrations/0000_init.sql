create table secrets.secret (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  path text collate "C" not null check (length(path) between 1 and 512),
  secret_type text collate "C" not null check (length(secret_type) between 1 and 32),
  current_version integer not null check (current_version >= 1),
  max_versions integer not null check (max_versions between 1 and 100),
  -- Text, so that numbers and escapes of free keys stay as the client wrote them.
  metadata text not null check (octet_length(metadata) <= 20480),
  metadata_revision integer not null check (metadata_revision >= 1),
  tags text[] not null check (cardinality(tags) <= 64),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  expires_at timestamptz,
  last_accessed_at timestamptz,
  deleted_at timestamptz,
  primary key (scope_id, path)
);
--> statement-breakpoint
create index secret_by_type on secrets.secret (scope_id, secret_type, path);
--> statement-breakpoint
create table secrets.version (
  scope_id text collate "C" not null,
  path text collate "C" not null,
  version integer not null check (version >= 1),
  secret_type text collate "C" not null check (length(secret_type) between 1 and 32),
  data_ct bytea,
  data_key_wrapped bytea,
  wrapped_by text collate "C" check (length(wrapped_by) <= 2048),
  created_at timestamptz not null,
  created_by text not null check (length(created_by) <= 1024),
  expires_at timestamptz,
  destroyed_at timestamptz,
  primary key (scope_id, path, version),
  foreign key (scope_id, path) references secrets.secret (scope_id, path) on delete cascade,
  -- Destroyed means erased, and nothing else does.
  check (num_nonnulls(data_ct, data_key_wrapped, wrapped_by) = case when destroyed_at is null then 3 else 0 end)
);
--> statement-breakpoint
-- Ciphertext does not compress; trying costs time on every write.
alter table secrets.version alter column data_ct set storage external;
--> statement-breakpoint
-- The tags of secret.tags one by one: with row-level security PostgreSQL may not use a GIN index for the operators of
-- arrays (they are not leakproof), whereas equality of text it may, and this key keeps a tag's paths in list order.
create table secrets.secret_tag (
  scope_id text collate "C" not null,
  tag text collate "C" not null check (length(tag) between 1 and 64),
  path text collate "C" not null,
  primary key (scope_id, tag, path),
  foreign key (scope_id, path) references secrets.secret (scope_id, path) on delete cascade
);
--> statement-breakpoint
create index secret_tag_by_path on secrets.secret_tag (scope_id, path);
--> statement-breakpoint
-- Wrapped partner and tenant keys, every generation of them.
create table secrets.key_versions (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  id text collate "C" not null check (length(id) between 1 and 80 and position(':' in id) = 0),
  level text not null check (level in ('partner', 'tenant')),
  generation integer not null check (generation >= 1),
  wrapped bytea not null,
  wrapped_by text collate "C" not null check (length(wrapped_by) between 1 and 2048),
  status text not null check (status in ('active', 'retired')),
  created_at timestamptz not null default now(),
  primary key (scope_id, id),
  unique (scope_id, generation)
);
--> statement-breakpoint
create unique index key_versions_one_active on secrets.key_versions (scope_id) where status = 'active';
--> statement-breakpoint
create table secrets.cursor_key (
  only_row boolean primary key default true check (only_row),
  key bytea not null
);
--> statement-breakpoint
insert into secrets.cursor_key (key)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
--> statement-breakpoint
alter table secrets.secret enable row level security;
--> statement-breakpoint
alter table secrets.version enable row level security;
--> statement-breakpoint
alter table secrets.secret_tag enable row level security;
--> statement-breakpoint
alter table secrets.key_versions enable row level security;
--> statement-breakpoint
create policy by_scope on secrets.secret
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
create policy by_scope on secrets.version
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
create policy by_scope on secrets.secret_tag
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
create policy by_scope on secrets.key_versions
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
-- The hot read, any number of a tenant's secrets in one round trip: sets the scope for this statement's transaction and
-- returns at most one row per key, with the key's place; of the version named or (null) the current one. The version's
-- columns are null when there is no such version. Without its settings a plan made for a few rows would scan the table
-- for ever after.
create function secrets.read_versions(p_scope text, p_paths text[], p_versions integer[])
returns table (
  place bigint, current_version integer, metadata text, created_at timestamptz, updated_at timestamptz,
  last_accessed_at timestamptz, deleted_at timestamptz,
  version integer, secret_type text, expires_at timestamptz, data_ct bytea, data_key_wrapped bytea, wrapped_by text
)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
  perform set_config('scaivault.scope', p_scope, true);
  return query
    select k.place, s.current_version, s.metadata, s.created_at, s.updated_at, s.last_accessed_at, s.deleted_at,
      v.version, v.secret_type, v.expires_at, v.data_ct, v.data_key_wrapped, v.wrapped_by
    from unnest(p_paths, p_versions) with ordinality as k (path, version, place)
    join secrets.secret s on s.scope_id = p_scope and s.path = k.path
    left join secrets.version v
      on v.scope_id = p_scope and v.path = k.path and v.version = coalesce(k.version, s.current_version);
end $$;
--> statement-breakpoint
-- The same way to the row that every write looks at first.
create function secrets.read_head(p_scope text, p_path text) returns setof secrets.secret
language plpgsql as $$
begin
  perform set_config('scaivault.scope', p_scope, true);
  return query select s.* from secrets.secret s where s.scope_id = p_scope and s.path = p_path;
end $$;
--> statement-breakpoint
-- And to the key that wraps new data.
create function secrets.active_key(p_scope text) returns setof secrets.key_versions
language plpgsql as $$
begin
  perform set_config('scaivault.scope', p_scope, true);
  return query select k.* from secrets.key_versions k where k.scope_id = p_scope and k.status = 'active';
end $$;
--> statement-breakpoint
-- Tells a first start from one whose root key is lost; it says nothing of whose keys there are.
create function secrets.holds_keys() returns boolean
language sql stable security definer set search_path = secrets, pg_temp as $$
  select exists (select from secrets.key_versions)
$$;
--> statement-breakpoint
revoke execute on function secrets.holds_keys() from public;
--> statement-breakpoint
grant execute on function secrets.holds_keys() to scaivault_secrets;
--> statement-breakpoint
grant select, insert, update, delete on secrets.secret, secrets.version, secrets.secret_tag to scaivault_secrets;
--> statement-breakpoint
grant select, insert, update on secrets.key_versions to scaivault_secrets;
--> statement-breakpoint
grant select on secrets.cursor_key to scaivault_secrets;
