-- The directory as people see it (rest-api-core 11.1): lists, roles given here, and syncs with ScaiKey's lists.

-- '*' is the scope of the whole platform: no tenant and no partner can have it, as theirs begin with t: or p:. It shows
-- which partners and tenants there are, and never whom they have.
create policy for_platform on identity.partner for select
  using (current_setting('scaivault.scope', true) = '*');
--> statement-breakpoint
create policy for_platform on identity.tenant for select
  using (current_setting('scaivault.scope', true) = '*');
--> statement-breakpoint
create index tenant_partner_page on identity.tenant (partner_id, id);
--> statement-breakpoint
drop index identity.tenant_partner;
--> statement-breakpoint
-- roles are those of ScaiKey, assigned_roles those given here; both count. The keys are what searches begin with. They are
-- columns, not expressions of an index: under row-level security an index serves only comparisons that cannot leak.
alter table identity.identity
  add column assigned_roles text[] not null default '{}' check (cardinality(assigned_roles) <= 8),
  add column roles_changed_at timestamptz,
  add column email_key text collate "C" generated always as (lower(email collate pg_catalog."default")) stored,
  add column name_key text collate "C"
    generated always as (lower(coalesce(display_name collate pg_catalog."default", name collate pg_catalog."default"))) stored,
  add column surname_key text collate "C"
    generated always as (substring(lower(display_name collate pg_catalog."default") from '[^ ]+$')) stored;
--> statement-breakpoint
create index identity_page on identity.identity (scope_id, subject_id) where identity_id is not null and status <> 'DELETED';
--> statement-breakpoint
create index identity_status on identity.identity (scope_id, status, subject_id) where identity_id is not null;
--> statement-breakpoint
create index identity_email_key on identity.identity (scope_id, email_key);
--> statement-breakpoint
create index identity_name_key on identity.identity (scope_id, name_key);
--> statement-breakpoint
create index identity_surname_key on identity.identity (scope_id, surname_key);
--> statement-breakpoint
create index identity_subject on identity.identity (subject_id);
--> statement-breakpoint
create index identity_unseen on identity.identity (scope_id, synced_at) where status <> 'DELETED';
--> statement-breakpoint
create index identity_super_admin on identity.identity (subject_id)
  where status = 'ACTIVE' and (roles @> '{super_admin}' or assigned_roles @> '{super_admin}');
--> statement-breakpoint
alter table identity.group_
  add column name_key text collate "C" generated always as (lower(name)) stored;
--> statement-breakpoint
create index group_page on identity.group_ (scope_id, subject_id) where identity_id is not null and status <> 'DELETED';
--> statement-breakpoint
create index group_name_key on identity.group_ (scope_id, name_key);
--> statement-breakpoint
create index group_subject on identity.group_ (subject_id);
--> statement-breakpoint
create index group_unseen on identity.group_ (scope_id, synced_at) where status <> 'DELETED';
--> statement-breakpoint
-- When it began, by ScaiKey's lists or the event; inherited: through a group inside the group. Events do not tell.
alter table identity.membership
  add column added_at timestamptz,
  add column inherited boolean not null default false;
--> statement-breakpoint
create index membership_unseen on identity.membership (scope_id, group_id, synced_at) where present;
--> statement-breakpoint
-- One run of a sync with ScaiKey's lists, and how far it has come: whoever takes a run over goes on from there.
create table identity.sync_run (
  id text collate "C" primary key check (length(id) between 1 and 64),
  -- The range: '*' everything, p:<partner>, t:<tenant>.
  scope_id text collate "C" not null check (scope_id = '*' or ((scope_id like 'p:%' or scope_id like 't:%') and length(scope_id) <= 130)),
  partner_id text collate "C" check (length(partner_id) between 1 and 128),
  tenant_id text collate "C" check (length(tenant_id) between 1 and 128),
  trigger text not null check (trigger in ('manual', 'schedule')),
  status text not null default 'running' check (status in ('running', 'completed', 'failed')),
  started_at timestamptz not null,
  completed_at timestamptz,
  created integer not null default 0,
  updated integer not null default 0,
  removed integer not null default 0,
  -- A word of ours and what it is about; never ScaiKey's own text.
  error text check (length(error) <= 512),
  -- The step, and the place inside it.
  step text not null default 'partners' check (step in ('partners', 'tenants', 'users', 'groups', 'members', 'removal')),
  page integer not null default 1,
  total integer,
  -- False once an answer was short, or told of another total than the page before: such a listing removes nothing.
  is_whole boolean not null default true,
  -- Our clock when the step's listing began: what was written since is newer than the listing.
  listing_at timestamptz,
  -- The same for those that came to their end whole; null: nothing of that kind is removed.
  partners_listed_at timestamptz,
  tenants_listed_at timestamptz,
  users_listed_at timestamptz,
  groups_listed_at timestamptz,
  after_scope text collate "C" not null default '',
  after_id text collate "C" not null default '',
  -- Who holds the run: a number that rises with every holder, and until when the last one counts as alive.
  fence bigint not null default 0,
  held_until timestamptz not null default '-infinity'
);
--> statement-breakpoint
create unique index sync_run_running on identity.sync_run (scope_id) where status = 'running';
--> statement-breakpoint
create index sync_run_scope on identity.sync_run (scope_id, id desc);
--> statement-breakpoint
create index sync_run_partner on identity.sync_run (partner_id, id desc);
--> statement-breakpoint
alter table identity.sync_run enable row level security;
--> statement-breakpoint
create policy by_scope on identity.sync_run
  using (scope_id = current_setting('scaivault.scope', true) or current_setting('scaivault.scope', true) = '*')
  with check (current_setting('scaivault.scope', true) = '*');
--> statement-breakpoint
create policy for_partner on identity.sync_run for select
  using ('p:' || partner_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on identity.sync_run to scaivault_identity;
--> statement-breakpoint
-- Called inside every transaction of a run, whatever its scope: false for a holder that another one has replaced, whose
-- transaction must not commit.
create function identity.hold_sync(in_run text, in_fence bigint, lease_seconds integer) returns boolean
language sql security definer set search_path = identity, pg_temp as $$
  with held as (
    update identity.sync_run set held_until = now() + make_interval(secs => lease_seconds)
    where id = in_run and fence = in_fence and status = 'running'
    returning 1
  )
  select exists (select from held)
$$;
--> statement-breakpoint
revoke all on function identity.hold_sync(text, bigint, integer) from public;
--> statement-breakpoint
grant execute on function identity.hold_sync(text, bigint, integer) to scaivault_identity;
--> statement-breakpoint
-- Where a ScaiKey id lies, which comes without its tenant (…/users/{user_id}/roles); who may see it is decided after.
create function identity.locate_identity(in_subject text) returns table (scope_id text, partner_id text)
language sql stable security definer set search_path = identity, pg_temp as $$
  select i.scope_id, t.partner_id
  from identity.identity i join identity.tenant t on t.scope_id = i.scope_id
  where i.subject_id = in_subject and t.partner_id is not null and t.status <> 'DELETED'
  order by i.scope_id limit 16
$$;
--> statement-breakpoint
revoke all on function identity.locate_identity(text) from public;
--> statement-breakpoint
grant execute on function identity.locate_identity(text) to scaivault_identity;
--> statement-breakpoint
create function identity.locate_group(in_subject text) returns table (scope_id text, partner_id text)
language sql stable security definer set search_path = identity, pg_temp as $$
  select g.scope_id, t.partner_id
  from identity.group_ g join identity.tenant t on t.scope_id = g.scope_id
  where g.subject_id = in_subject and t.partner_id is not null and t.status <> 'DELETED'
  order by g.scope_id limit 16
$$;
--> statement-breakpoint
revoke all on function identity.locate_group(text) from public;
--> statement-breakpoint
grant execute on function identity.locate_group(text) to scaivault_identity;
--> statement-breakpoint
-- True when somebody else, anywhere, can act as super_admin. Says nothing about whom.
create function identity.has_other_super_admin(in_scope text, in_subject text) returns boolean
language sql stable security definer set search_path = identity, pg_temp as $$
  select exists (
    select from identity.identity i join identity.tenant t on t.scope_id = i.scope_id
    where i.status = 'ACTIVE' and (i.roles @> '{super_admin}' or i.assigned_roles @> '{super_admin}')
      and t.status <> 'DELETED' and (i.scope_id, i.subject_id) <> (in_scope, in_subject)
  )
$$;
--> statement-breakpoint
revoke all on function identity.has_other_super_admin(text, text) from public;
--> statement-breakpoint
grant execute on function identity.has_other_super_admin(text, text) to scaivault_identity;
--> statement-breakpoint
-- As before, with the roles given here beside those of ScaiKey.
create or replace function identity.lookup_caller(in_tenant text, in_subject text, in_identity text)
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
    select i.subject_id, i.type, i.identity_id, i.display_name, i.status, i.roles || i.assigned_roles,
      i.tokens_void_before, i.mfa_void_before, g.subject_ids, g.identity_ids
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
