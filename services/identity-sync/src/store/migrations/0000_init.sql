-- The mirror of ScaiKey's directory (rest-api-core 11). Events may come late and out of order, so every fact carries the
-- source time of the event it came with (…_time); '-infinity' says that no event has spoken of it yet: a stub row.
-- synced_at is our own clock: when the row was last written.

-- Partners lie below p:<partner>.
create table identity.partner (
  scope_id text collate "C" primary key check (scope_id = 'p:' || id),
  id text collate "C" not null check (length(id) between 1 and 128),
  name text check (length(name) <= 256),
  slug text check (length(slug) <= 256),
  region text check (length(region) <= 256),
  profile_time timestamptz not null default '-infinity',
  status text not null default 'ACTIVE' check (status in ('ACTIVE', 'SUSPENDED', 'DELETED')),
  status_time timestamptz not null default '-infinity',
  synced_at timestamptz not null
);
--> statement-breakpoint
alter table identity.partner enable row level security;
--> statement-breakpoint
create policy by_scope on identity.partner
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on identity.partner to scaivault_identity;
--> statement-breakpoint
-- Deleted tenants stay: their keys and secrets wait for an operator. The partner's state is not copied here but looked at
-- with each lookup, so that a suspension of the partner needs no change of its tenants and ends like it began.
create table identity.tenant (
  scope_id text collate "C" primary key check (scope_id = 't:' || id),
  id text collate "C" not null check (length(id) between 1 and 128),
  -- Null in a stub: a tenant that nobody can be sure of is not found.
  partner_id text collate "C" check (length(partner_id) between 1 and 128),
  name text check (length(name) <= 256),
  slug text check (length(slug) <= 256),
  profile_time timestamptz not null default '-infinity',
  status text not null default 'ACTIVE' check (status in ('ACTIVE', 'SUSPENDED', 'DELETED')),
  status_time timestamptz not null default '-infinity',
  synced_at timestamptz not null
);
--> statement-breakpoint
create index tenant_partner on identity.tenant (partner_id);
--> statement-breakpoint
alter table identity.tenant enable row level security;
--> statement-breakpoint
create policy by_scope on identity.tenant
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
-- A partner may see which tenants it has; this is what saves us a function that steps over row-level security.
create policy for_partner on identity.tenant for select
  using ('p:' || partner_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on identity.tenant to scaivault_identity;
--> statement-breakpoint
-- People and service accounts, below the tenant they belong to.
create table identity.identity (
  scope_id text collate "C" not null check (scope_id like 't:%' and length(scope_id) <= 130),
  -- ScaiKey's id, `sub` of the tokens.
  subject_id text collate "C" not null check (length(subject_id) between 1 and 128),
  type text not null default 'user' check (type in ('user', 'service_account')),
  -- user:<email> or sa:<name>; null in a stub. Not unique: a deleted owner of the name, or one about to be renamed, may
  -- still be there.
  identity_id text collate "C" check (length(identity_id) between 1 and 320),
  email text collate "C" check (length(email) <= 320),
  name text collate "C" check (length(name) <= 320),
  display_name text check (length(display_name) <= 512),
  roles text[] not null default '{}' check (cardinality(roles) <= 64),
  profile_time timestamptz not null default '-infinity',
  status text not null default 'ACTIVE' check (status in ('ACTIVE', 'SUSPENDED', 'DELETED')),
  status_time timestamptz not null default '-infinity',
  mfa_enabled boolean not null default false,
  mfa_time timestamptz not null default '-infinity',
  -- These three only ever rise, so the order of events does not matter to them.
  tokens_void_before timestamptz,
  mfa_void_before timestamptz,
  -- Memberships up to this source time ended with the identity's deletion, those we have not heard of yet included.
  memberships_void_until timestamptz not null default '-infinity',
  synced_at timestamptz not null,
  primary key (scope_id, subject_id)
);
--> statement-breakpoint
create index identity_name on identity.identity (scope_id, identity_id);
--> statement-breakpoint
create index identity_deleted on identity.identity (synced_at) where status = 'DELETED';
--> statement-breakpoint
alter table identity.identity enable row level security;
--> statement-breakpoint
create policy by_scope on identity.identity
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on identity.identity to scaivault_identity;
--> statement-breakpoint
create table identity.group_ (
  scope_id text collate "C" not null check (scope_id like 't:%' and length(scope_id) <= 130),
  subject_id text collate "C" not null check (length(subject_id) between 1 and 128),
  -- group:<name>; null in a stub.
  identity_id text collate "C" check (length(identity_id) between 1 and 320),
  name text check (length(name) <= 320),
  profile_time timestamptz not null default '-infinity',
  status text not null default 'ACTIVE' check (status in ('ACTIVE', 'SUSPENDED', 'DELETED')),
  status_time timestamptz not null default '-infinity',
  memberships_void_until timestamptz not null default '-infinity',
  synced_at timestamptz not null,
  primary key (scope_id, subject_id)
);
--> statement-breakpoint
create index group_name on identity.group_ (scope_id, identity_id);
--> statement-breakpoint
create index group_deleted on identity.group_ (synced_at) where status = 'DELETED';
--> statement-breakpoint
alter table identity.group_ enable row level security;
--> statement-breakpoint
create policy by_scope on identity.group_
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on identity.group_ to scaivault_identity;
--> statement-breakpoint
-- Who is in which group. ScaiKey sends one event per person and group it takes effect in, nested groups worked out, so
-- there is nothing to climb here. A membership that ended stays as a tombstone: an older "added" must not bring it back.
create table identity.membership (
  scope_id text collate "C" not null,
  group_id text collate "C" not null,
  subject_id text collate "C" not null,
  present boolean not null,
  source_time timestamptz not null,
  synced_at timestamptz not null,
  primary key (scope_id, group_id, subject_id),
  foreign key (scope_id, group_id) references identity.group_ (scope_id, subject_id) on delete cascade,
  foreign key (scope_id, subject_id) references identity.identity (scope_id, subject_id) on delete cascade
);
--> statement-breakpoint
create index membership_subject on identity.membership (scope_id, subject_id);
--> statement-breakpoint
alter table identity.membership enable row level security;
--> statement-breakpoint
create policy by_scope on identity.membership
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on identity.membership to scaivault_identity;
--> statement-breakpoint
-- Events taken in the last days. Belongs to no tenant and says nothing of one: an event id counts once, whatever scope a
-- second delivery of it would name.
create table identity.webhook_event (
  event_id text collate "C" primary key check (length(event_id) between 1 and 128),
  received_at timestamptz not null
);
--> statement-breakpoint
create index webhook_event_age on identity.webhook_event (received_at);
--> statement-breakpoint
grant select, insert, delete on identity.webhook_event to scaivault_identity;
--> statement-breakpoint
-- Lookups by an id from a token: no scope is known before, but the id is the scope. The functions below set it themselves,
-- one statement each, and run with the rights of the service's role, so row-level security holds inside them.
create function identity.lookup_tenant(in_tenant text)
returns table (partner_id text, status text, partner_status text)
language plpgsql set search_path = identity, pg_temp as $$
declare
  found_tenant identity.tenant;
begin
  perform set_config('scaivault.scope', 't:' || in_tenant, true);
  select t.* into found_tenant from identity.tenant t where t.scope_id = 't:' || in_tenant and t.partner_id is not null;
  if not found then
    return;
  end if;
  perform set_config('scaivault.scope', 'p:' || found_tenant.partner_id, true);
  return query
    select found_tenant.partner_id, found_tenant.status,
      (select p.status from identity.partner p where p.scope_id = 'p:' || found_tenant.partner_id);
end
$$;
--> statement-breakpoint
revoke all on function identity.lookup_tenant(text) from public;
--> statement-breakpoint
grant execute on function identity.lookup_tenant(text) to scaivault_identity;
--> statement-breakpoint
-- The groups that count for a subject, a group of unknown name under ''.
create function identity.groups_of(in_scope text, in_subject text)
returns table (subject_id text, identity_id text)
language sql stable as $$
  select g.subject_id, coalesce(g.identity_id, '')
  from identity.membership m
  join identity.identity i on i.scope_id = m.scope_id and i.subject_id = m.subject_id
  join identity.group_ g on g.scope_id = m.scope_id and g.subject_id = m.group_id
  where m.scope_id = in_scope and m.subject_id = in_subject and m.present and g.status = 'ACTIVE'
    and m.source_time > i.memberships_void_until and m.source_time > g.memberships_void_until
  order by g.subject_id
$$;
--> statement-breakpoint
revoke all on function identity.groups_of(text, text) from public;
--> statement-breakpoint
grant execute on function identity.groups_of(text, text) to scaivault_identity;
--> statement-breakpoint
-- The one lookup that every first request of a caller waits for: by the token's subject, else, for service accounts whose
-- tokens name them so, by name. A living bearer of the name goes before a deleted one.
create function identity.lookup_caller(in_tenant text, in_subject text, in_identity text)
returns table (
  subject_id text, type text, identity_id text, display_name text, status text, roles text[],
  tokens_void_before timestamptz, mfa_void_before timestamptz, group_subject_ids text[], group_identity_ids text[]
)
language plpgsql set search_path = identity, pg_temp as $$
declare
  in_scope constant text := 't:' || in_tenant;
begin
  perform set_config('scaivault.scope', in_scope, true);
  return query
    select i.subject_id, i.type, i.identity_id, i.display_name, i.status, i.roles, i.tokens_void_before,
      i.mfa_void_before, g.subject_ids, g.identity_ids
    from (
      select s.*, 0 as rank from identity.identity s where s.scope_id = in_scope and s.subject_id = in_subject
      union all
      select n.*, case when n.status = 'DELETED' then 2 else 1 end
      from identity.identity n
      where n.scope_id = in_scope and n.identity_id = in_identity and n.type = 'service_account'
      order by rank, profile_time desc
      limit 1
    ) i
    cross join lateral (
      select coalesce(array_agg(m.subject_id), '{}') as subject_ids, coalesce(array_agg(m.identity_id), '{}') as identity_ids
      from identity.groups_of(in_scope, i.subject_id) m
    ) g;
end
$$;
--> statement-breakpoint
revoke all on function identity.lookup_caller(text, text, text) from public;
--> statement-breakpoint
grant execute on function identity.lookup_caller(text, text, text) to scaivault_identity;
--> statement-breakpoint
-- The one statement that reaches across scopes, for the sweeper; whatever time it is given, a deleted identity or group
-- keeps its row, and with it its tombstones, for 30 days.
create function identity.sweep_deleted(deleted_before timestamptz, most integer) returns integer
language sql security definer set search_path = identity, pg_temp as $$
  with due_identities as (
    select scope_id, subject_id from identity.identity
    where status = 'DELETED' and synced_at < least(deleted_before, now() - interval '30 days')
    order by synced_at limit most for update skip locked
  ), due_groups as (
    select scope_id, subject_id from identity.group_
    where status = 'DELETED' and synced_at < least(deleted_before, now() - interval '30 days')
    order by synced_at limit most for update skip locked
  ), gone_identities as (
    delete from identity.identity i using due_identities d
    where i.scope_id = d.scope_id and i.subject_id = d.subject_id returning 1
  ), gone_groups as (
    delete from identity.group_ g using due_groups d
    where g.scope_id = d.scope_id and g.subject_id = d.subject_id returning 1
  )
  select greatest((select count(*) from gone_identities), (select count(*) from gone_groups))::integer
$$;
--> statement-breakpoint
revoke all on function identity.sweep_deleted(timestamptz, integer) from public;
--> statement-breakpoint
grant execute on function identity.sweep_deleted(timestamptz, integer) to scaivault_identity;
