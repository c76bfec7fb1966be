-- Access policies (rest-api-core 6): a tenant's own below t:<tenant>, a partner's below p:<partner>.
create table policy.policy (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  id text collate "C" not null check (length(id) <= 40),
  name text collate "C" not null check (length(name) between 1 and 128),
  description text check (length(description) <= 1024),
  -- Below zero come the guard rails that a partner sets ahead of every tenant.
  priority smallint not null check (priority between -1000 and 1000 and (priority >= 0 or scope_id like 'p:%')),
  is_active boolean not null,
  -- JSON as text: jsonb would sort the members, and refuses texts that JSON allows.
  rules text not null check (length(rules) <= 2097152),
  rule_count smallint not null check (rule_count between 1 and 100),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (scope_id, id)
);
--> statement-breakpoint
create unique index policy_name_key on policy.policy (scope_id, name);
--> statement-breakpoint
alter table policy.policy enable row level security;
--> statement-breakpoint
create policy by_scope on policy.policy
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on policy.policy to scaivault_policy;
--> statement-breakpoint
-- Who a policy is for. subject_id is ScaiKey's id behind the string; once it is there it alone decides.
create table policy.binding (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  policy_id text collate "C" not null,
  id text collate "C" not null check (length(id) <= 40),
  identity_type text not null check (identity_type in ('user', 'service_account', 'group')),
  identity_id text collate "C" not null check (length(identity_id) between 1 and 320),
  subject_id text collate "C" check (length(subject_id) between 1 and 256),
  expires_at timestamptz,
  created_at timestamptz not null,
  created_by text not null check (length(created_by) <= 1024),
  primary key (scope_id, policy_id, id),
  foreign key (scope_id, policy_id) references policy.policy (scope_id, id) on delete cascade
);
--> statement-breakpoint
-- Two indexes and not one over both columns: the owner before and the owner after of a recycled name are two identities.
create unique index binding_subject_key on policy.binding (scope_id, policy_id, identity_type, subject_id)
  where subject_id is not null;
--> statement-breakpoint
create unique index binding_name_key on policy.binding (scope_id, policy_id, identity_type, identity_id)
  where subject_id is null;
--> statement-breakpoint
create index binding_identity on policy.binding (scope_id, identity_id);
--> statement-breakpoint
create index binding_expiry on policy.binding (expires_at) where expires_at is not null;
--> statement-breakpoint
alter table policy.binding enable row level security;
--> statement-breakpoint
create policy by_scope on policy.binding
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on policy.binding to scaivault_policy;
--> statement-breakpoint
-- The one statement that reaches across scopes; whatever time it is given, it takes nothing that is still alive.
create function policy.sweep_expired_bindings(expired_before timestamptz, most integer) returns integer
language sql security definer set search_path = policy, pg_temp as $$
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
  select count(*)::integer from removed
$$;
--> statement-breakpoint
revoke all on function policy.sweep_expired_bindings(timestamptz, integer) from public;
--> statement-breakpoint
grant execute on function policy.sweep_expired_bindings(timestamptz, integer) to scaivault_policy;
--> statement-breakpoint
create table policy.cursor_key (only_row boolean primary key default true check (only_row), key bytea not null);
--> statement-breakpoint
insert into policy.cursor_key (key)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
--> statement-breakpoint
grant select on policy.cursor_key to scaivault_policy;
