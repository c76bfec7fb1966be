-- Requests with an Idempotency-Key, and for a day their answers (rest-api-core 1.6). The table is the same in every service
-- that has such requests; packages/db, src/idempotency-table.ts has its statements.
create table events.idempotency (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  -- SHA-256 of who asked under which key.
  id bytea not null check (octet_length(id) = 32),
  -- Of the one run that may commit and write the answer.
  token uuid not null,
  -- Until then the run counts as alive.
  busy_until timestamptz not null,
  -- Set by the transaction of the operation itself.
  committed_at timestamptz,
  -- HMAC-SHA-256 of the request.
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  answer_ct bytea storage external check (octet_length(answer_ct) <= 22020096),
  -- The row's own key, for fingerprint and answer, sealed under the key chain of the scope.
  key_ct bytea not null check (octet_length(key_ct) <= 1024),
  key_wrapped bytea not null check (octet_length(key_wrapped) <= 16384),
  wrapped_by text collate "C" not null check (length(wrapped_by) between 1 and 2048),
  expires_at timestamptz not null,
  primary key (scope_id, id)
);
--> statement-breakpoint
create index idempotency_expiry on events.idempotency (expires_at);
--> statement-breakpoint
alter table events.idempotency enable row level security;
--> statement-breakpoint
create policy by_scope on events.idempotency
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert, update, delete on events.idempotency to scaivault_events;
--> statement-breakpoint
-- Called inside the transaction of an operation, which may work on another scope than the one it was asked in (a
-- partner's objects). Reaches a single row, and only with that row's token.
create function events.commit_idempotency(p_scope text, p_id bytea, p_token uuid) returns boolean
language sql security definer set search_path = events, pg_temp as $$
  with committed as (
    update events.idempotency set committed_at = now()
    where scope_id = p_scope and id = p_id and token = p_token and committed_at is null
    returning 1
  )
  select exists (select from committed)
$$;
--> statement-breakpoint
revoke all on function events.commit_idempotency(text, bytea, uuid) from public;
--> statement-breakpoint
grant execute on function events.commit_idempotency(text, bytea, uuid) to scaivault_events;
--> statement-breakpoint
-- Reaches across scopes and takes nothing but what has expired.
create function events.sweep_idempotency(most integer) returns integer
language sql security definer set search_path = events, pg_temp as $$
  with due as (
    select scope_id, id from events.idempotency
    where expires_at <= now()
    order by expires_at
    limit most
    for update skip locked
  ), removed as (
    delete from events.idempotency i using due
    where i.scope_id = due.scope_id and i.id = due.id
    returning 1
  )
  select count(*)::integer from removed
$$;
--> statement-breakpoint
revoke all on function events.sweep_idempotency(integer) from public;
--> statement-breakpoint
grant execute on function events.sweep_idempotency(integer) to scaivault_events;
