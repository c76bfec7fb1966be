-- Exports of a tenant's log (rest-api-core 7.2): what was asked for, how far it is, and for as long as it runs the
-- credentials it runs with, under a key of their own that the key chain has sealed.
create table audit.export (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  id text collate "C" not null check (length(id) <= 64),
  partner_id text not null check (length(partner_id) <= 128),
  status text not null check (status in ('pending', 'running', 'completed', 'failed')),
  format text not null check (format in ('jsonl', 'csv')),
  from_ts timestamptz not null,
  to_ts timestamptz not null,
  filters text not null check (length(filters) <= 16384),
  -- The last number given out when the export was asked for; nothing beyond it is exported.
  up_to_seq bigint not null check (up_to_seq >= 0),
  destination_type text not null check (destination_type in ('s3', 'gcs', 'azure_blob')),
  bucket text not null check (length(bucket) <= 255),
  folder text not null check (length(folder) <= 640),
  created_at timestamptz not null,
  created_by text not null check (length(created_by) <= 320),
  completed_at timestamptz,
  -- How far it is: everything up to here lies in finished files.
  record_count bigint not null default 0,
  after_ts timestamptz,
  after_seq bigint,
  first_seq bigint not null default 0,
  last_seq bigint not null default 0,
  chain_seq bigint not null default 0,
  checkpoint_count bigint not null default 0,
  checkpoint_ids text[] not null default '{}' check (cardinality(checkpoint_ids) <= 100),
  file_count integer not null,
  error_code text check (length(error_code) <= 64),
  error_message text check (length(error_message) <= 500),
  -- When somebody has to look at it; null once it has ended. While it is worked on, the end of the lease.
  due_at timestamptz,
  is_running boolean not null default false,
  -- Of the last claim; only that one writes.
  fence integer not null default 0,
  attempts integer not null default 0,
  credentials_ct bytea check (length(credentials_ct) <= 65536),
  key_ct bytea check (length(key_ct) <= 1024),
  key_wrapped bytea check (length(key_wrapped) <= 16384),
  wrapped_by text collate "C" check (length(wrapped_by) between 1 and 2048),
  primary key (scope_id, id),
  check ((due_at is null) = (status in ('completed', 'failed'))),
  check ((due_at is null) = (completed_at is not null)),
  check ((credentials_ct is null) = (due_at is null)),
  check ((credentials_ct is null) = (key_ct is null) and (key_ct is null) = (key_wrapped is null)),
  check ((key_ct is null) = (wrapped_by is null))
);
--> statement-breakpoint
create index export_due on audit.export (due_at) where due_at is not null;
--> statement-breakpoint
create index export_running on audit.export (scope_id) where is_running;
--> statement-breakpoint
alter table audit.export enable row level security;
--> statement-breakpoint
create policy by_scope on audit.export
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update on audit.export to scaivault_audit;
--> statement-breakpoint
-- The files that an export has written.
create table audit.export_file (
  scope_id text collate "C" not null,
  export_id text collate "C" not null,
  position integer not null check (position > 0),
  name text not null check (length(name) <= 1024),
  bytes bigint not null check (bytes >= 0),
  records bigint not null check (records >= 0),
  sha256 bytea not null check (length(sha256) = 32),
  primary key (scope_id, export_id, position),
  foreign key (scope_id, export_id) references audit.export
);
--> statement-breakpoint
alter table audit.export_file enable row level security;
--> statement-breakpoint
create policy by_scope on audit.export_file
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert on audit.export_file to scaivault_audit;
--> statement-breakpoint
-- Claims the export that has waited longest, of any tenant that has no other one running, for `lease_ms`.
create function audit.claim_export(lease_ms integer)
returns table (scope_id text, export_id text, fence integer)
language sql security definer set search_path = audit, pg_temp as $$
  with ready as (
    select e.scope_id, e.id from audit.export e
    where e.due_at <= now()
      and not exists (
        select from audit.export o where o.scope_id = e.scope_id and o.id <> e.id and o.is_running and o.due_at > now()
      )
    order by e.due_at limit 1
    for no key update skip locked
  )
  update audit.export e
  set is_running = true, fence = e.fence + 1, attempts = e.attempts + 1,
    due_at = now() + lease_ms * interval '1 millisecond'
  from ready
  where e.scope_id = ready.scope_id and e.id = ready.id
  returning e.scope_id, e.id, e.fence
$$;
--> statement-breakpoint
revoke all on function audit.claim_export(integer) from public;
--> statement-breakpoint
grant execute on function audit.claim_export(integer) to scaivault_audit;
--> statement-breakpoint
-- Milliseconds until the next export of any tenant becomes due; null when none waits.
create function audit.next_export_in() returns double precision
language sql security definer set search_path = audit, pg_temp as $$
  select extract(epoch from min(due_at) - now()) * 1000 from audit.export where due_at > now()
$$;
--> statement-breakpoint
revoke all on function audit.next_export_in() from public;
--> statement-breakpoint
grant execute on function audit.next_export_in() to scaivault_audit;
