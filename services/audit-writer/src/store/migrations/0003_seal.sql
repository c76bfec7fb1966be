-- The proof that the audit trail is whole (rest-api-core 7.2): each tenant's rows are sealed in the order of their
-- numbers, a batch at a time, by checkpoints that form a signed chain. First the same key in another order, so that a row
-- is found by its id alone.
alter table audit.log drop constraint log_pkey, add primary key (scope_id, id, ts);
--> statement-breakpoint
-- sealed_seq and sealed_head: up to where the tenant's rows are sealed, and the hash of that head, from which the chain
-- goes on whatever has become of the checkpoints. unsealed_since: since when a row waits for its seal; -infinity when so
-- many wait that a batch is full; null when none does, so that idle tenants cost nothing.
alter table audit.head
  add column sealed_seq bigint not null default 0 check (sealed_seq >= 0 and sealed_seq <= event_seq),
  add column sealed_head bytea not null default decode(repeat('00', 32), 'hex') check (length(sealed_head) = 32),
  add column unsealed_since timestamptz;
--> statement-breakpoint
update audit.head set unsealed_since = '-infinity' where event_seq > 0;
--> statement-breakpoint
grant update (sealed_seq, sealed_head, unsealed_since) on audit.head to scaivault_audit;
--> statement-breakpoint
create index head_unsealed on audit.head (unsealed_since, scope_id) where unsealed_since is not null;
--> statement-breakpoint
create function audit.note_unsealed() returns trigger language plpgsql as $$
begin
  new.unsealed_since :=
    case when new.event_seq - new.sealed_seq >= 1000 then '-infinity' else coalesce(old.unsealed_since, now()) end;
  return new;
end
$$;
--> statement-breakpoint
create trigger note_unsealed before update of event_seq on audit.head
for each row when (new.event_seq > old.event_seq) execute function audit.note_unsealed();
--> statement-breakpoint
create table audit.checkpoint (
  scope_id text collate "C" not null check (scope_id <> '' and length(scope_id) <= 130),
  first_event_seq bigint not null check (first_event_seq > 0),
  last_event_seq bigint not null check (last_event_seq >= first_event_seq),
  id text collate "C" not null check (length(id) <= 64),
  record_count integer not null check (record_count >= 0),
  root_hash bytea not null check (length(root_hash) = 32),
  prev_hash bytea not null check (length(prev_hash) = 32),
  head_hash bytea not null check (length(head_hash) = 32),
  sealed_at timestamptz not null,
  key_id text collate "C" not null check (length(key_id) <= 64),
  signature bytea not null check (length(signature) = 64),
  primary key (scope_id, first_event_seq),
  unique (scope_id, id)
);
--> statement-breakpoint
create index checkpoint_time on audit.checkpoint (scope_id, sealed_at, first_event_seq);
--> statement-breakpoint
alter table audit.checkpoint enable row level security;
--> statement-breakpoint
create policy by_scope on audit.checkpoint
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert on audit.checkpoint to scaivault_audit;
--> statement-breakpoint
-- The leaf hashes of a checkpoint, 32 bytes each, in the order of the numbers: they say which record of a batch is wrong,
-- and proofs are made of them. They are believed only as far as the root confirms them. They go with the rows; the checkpoint itself
-- stays, so that the chain can be followed.
create table audit.checkpoint_leaves (
  scope_id text collate "C" not null,
  first_event_seq bigint not null,
  leaf_hashes bytea not null check (length(leaf_hashes) % 32 = 0),
  primary key (scope_id, first_event_seq),
  foreign key (scope_id, first_event_seq) references audit.checkpoint on delete cascade
);
--> statement-breakpoint
alter table audit.checkpoint_leaves enable row level security;
--> statement-breakpoint
create policy by_scope on audit.checkpoint_leaves
  using (scope_id = current_setting('scaivault.scope', true))
  with check (scope_id = current_setting('scaivault.scope', true));
--> statement-breakpoint
grant select, insert on audit.checkpoint_leaves to scaivault_audit;
--> statement-breakpoint
create function audit.remove_leaves() returns trigger language plpgsql as $$
begin
  delete from audit.checkpoint_leaves l
  where l.scope_id = new.scope_id and l.first_event_seq > old.removed_seq and l.first_event_seq <= new.removed_seq;
  return null;
end
$$;
--> statement-breakpoint
create trigger remove_leaves after update of removed_seq on audit.head
for each row when (new.removed_seq > old.removed_seq) execute function audit.remove_leaves();
--> statement-breakpoint
create or replace function audit.sealed_batch_end(scope text, seq bigint) returns bigint
language sql stable security definer set search_path = audit, pg_temp
return (select c.last_event_seq from audit.checkpoint c where c.scope_id = scope and c.first_event_seq = seq + 1);
--> statement-breakpoint
-- Keys that sign checkpoints, one at a time. `attested_*` is the public half, sealed under the key chain: a key that
-- somebody else has put here does not open, so nothing that it signed is believed. The private half is erased when the next
-- key takes over.
create table audit.signing_key (
  key_id text collate "C" primary key check (length(key_id) <= 64),
  public_key bytea not null check (length(public_key) = 32),
  attested_ct bytea not null check (length(attested_ct) <= 1024),
  attested_key_wrapped bytea not null check (length(attested_key_wrapped) <= 4096),
  attested_wrapped_by text not null check (length(attested_wrapped_by) <= 2048),
  private_ct bytea check (length(private_ct) <= 1024),
  private_key_wrapped bytea check (length(private_key_wrapped) <= 4096),
  private_wrapped_by text check (length(private_wrapped_by) <= 2048),
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  check ((retired_at is null) = (private_ct is not null)),
  check ((private_ct is null) = (private_key_wrapped is null) and (private_ct is null) = (private_wrapped_by is null))
);
--> statement-breakpoint
create unique index signing_key_current on audit.signing_key ((true)) where retired_at is null;
--> statement-breakpoint
grant select, insert, update (private_ct, private_key_wrapped, private_wrapped_by, retired_at)
on audit.signing_key to scaivault_audit;
--> statement-breakpoint
-- Which process seals. The fence rises with each change of hands, and a checkpoint is taken only under the present one.
create table audit.sealer (
  only_row boolean primary key default true check (only_row),
  holder text not null default '' check (length(holder) <= 64),
  fence bigint not null default 0,
  held_until timestamptz not null default '-infinity'
);
--> statement-breakpoint
insert into audit.sealer default values;
--> statement-breakpoint
grant select, update on audit.sealer to scaivault_audit;
--> statement-breakpoint
-- Tenants with rows that wait for their seal, behind the last one seen. Sees all tenants, and of them nothing else. What
-- waits since a time to come was noted before the clock was set back.
create function audit.due_for_sealing(interval_ms bigint, after_since timestamptz, after_scope text, most integer)
returns table (scope_id text, unsealed_since timestamptz)
language sql stable security definer set search_path = audit, pg_temp as $$
  select h.scope_id, h.unsealed_since
  from audit.head h
  where h.unsealed_since is not null
    and (h.unsealed_since, h.scope_id) > (after_since, after_scope collate "C")
    and (h.unsealed_since <= now() - interval_ms * interval '1 millisecond' or h.unsealed_since > now())
  order by h.unsealed_since, h.scope_id
  limit most
$$;
--> statement-breakpoint
revoke all on function audit.due_for_sealing(bigint, timestamptz, text, integer) from public;
--> statement-breakpoint
grant execute on function audit.due_for_sealing(bigint, timestamptz, text, integer) to scaivault_audit;
--> statement-breakpoint
-- Adds a checkpoint, in one commit with the head that it moves; how many rows are left to seal, or null when the tenant's
-- head or the sealer is no longer what the checkpoint was made from: then nothing was done. The head's lock, for which
-- ingest may wait, is held for these statements only.
create function audit.add_checkpoint(
  scope text, held_fence bigint, checkpoint_id text, first_seq bigint, last_seq bigint, records integer, root bytea,
  prev bytea, head_of_it bytea, sealed timestamptz, signing_key_id text, signed bytea, leaves bytea
) returns bigint
language plpgsql security invoker as $$
declare
  remaining bigint;
begin
  perform set_config('scaivault.scope', scope, true);
  update audit.head h set
    sealed_seq = last_seq,
    sealed_head = head_of_it,
    unsealed_since = case
      when h.event_seq = last_seq then null
      when h.event_seq - last_seq >= 1000 then '-infinity'
      else now()
    end
  where h.scope_id = scope and h.sealed_seq = first_seq - 1 and h.sealed_head = prev
    and exists (select from audit.sealer s where s.fence = held_fence)
  returning h.event_seq - h.sealed_seq into remaining;
  if remaining is null then return null; end if;
  insert into audit.checkpoint (
    scope_id, first_event_seq, last_event_seq, id, record_count, root_hash, prev_hash, head_hash, sealed_at, key_id, signature
  ) values (
    scope, first_seq, last_seq, checkpoint_id, records, root, prev, head_of_it, sealed, signing_key_id, signed
  );
  insert into audit.checkpoint_leaves (scope_id, first_event_seq, leaf_hashes) values (scope, first_seq, leaves);
  return remaining;
end
$$;
