-- Rate limits in place of the installation's figures (rest-api-core 13.4): a tenant's own below t:<tenant>. Of an identity,
-- or of every identity of the tenant (*).
create table policy.rate_limit (
  scope_id text collate "C" not null check (scope_id like 't:%' and length(scope_id) <= 130),
  identity_id text collate "C" not null check (length(identity_id) between 1 and 320),
  -- Units a minute by category; which categories there are the service knows.
  limits jsonb not null check (jsonb_typeof(limits) = 'object' and length(limits::text) <= 4096),
  expires_at timestamptz,
  updated_at timestamptz not null,
  updated_by text not null check (length(updated_by) <= 1024),
  primary key (scope_id, identity_id)
);
--> statement-breakpoint
alter table policy.rate_limit enable row level security;
--> statement-breakpoint
create policy by_scope on policy.rate_limit
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on policy.rate_limit to scaivault_policy;
--> statement-breakpoint
-- As for policies (0002): every process counts by these rows.
create constraint trigger note_change after insert or update or delete on policy.rate_limit
  deferrable initially deferred for each row execute function policy.note_row_change();
