-- The news for processes that cache what they decide by (rest-api-core 6.5, ADR 0018): which scopes have changed, in the
-- order of the commits, and who has taken it in. The same in every service that has such news; packages/db,
-- src/revision-log.ts has the statements.
create table identity.revision (
  only_row boolean primary key default true check (only_row),
  -- Another one says that the numbers begin anew.
  epoch uuid not null default gen_random_uuid(),
  number bigint not null default 0,
  -- The transaction that took the last number.
  taken_by xid8
);
--> statement-breakpoint
insert into identity.revision default values;
--> statement-breakpoint
grant select on identity.revision to scaivault_identity;
--> statement-breakpoint
-- Names of scopes and nothing of theirs, read across all of them. Old numbers are trimmed, newest last.
create table identity.revision_scope (
  number bigint not null,
  scope text collate "C" not null check (length(scope) <= 130),
  primary key (number, scope)
);
--> statement-breakpoint
grant select, delete on identity.revision_scope to scaivault_identity;
--> statement-breakpoint
-- Processes that may hold a lease. No time in here: clocks of two machines are never compared. Whoever sees the same
-- renewal for as long as the lease lasts, by his own clock, knows that it is over.
create table identity.follower (
  id text collate "C" primary key check (length(id) between 1 and 64),
  confirmed bigint not null,
  lease_ms integer not null check (lease_ms > 0),
  renewal uuid not null default gen_random_uuid()
);
--> statement-breakpoint
grant select, insert, update, delete on identity.follower to scaivault_identity;
--> statement-breakpoint
-- The one way to a number, in the transaction of the change itself. The row is locked until the commit, so numbers become
-- visible in their order and without gaps: who has seen n has seen all up to n.
create function identity.note_change(changed_scope text) returns void
language plpgsql security definer set search_path = identity, pg_temp as $$
declare
  taken bigint;
begin
  select r.number into taken from identity.revision r where r.taken_by = pg_current_xact_id();
  if not found then
    update identity.revision r set number = r.number + 1, taken_by = pg_current_xact_id() returning r.number into taken;
    perform pg_notify('identity_news', 'change');
  end if;
  insert into identity.revision_scope (number, scope) values (taken, changed_scope) on conflict do nothing;
end
$$;
--> statement-breakpoint
revoke all on function identity.note_change(text) from public;
--> statement-breakpoint
create function identity.note_row_change() returns trigger
language plpgsql security definer set search_path = identity, pg_temp as $$
begin
  perform identity.note_change(coalesce(new.scope_id, old.scope_id));
  return null;
end
$$;
--> statement-breakpoint
revoke all on function identity.note_row_change() from public;
--> statement-breakpoint
-- What counts as a change. Deferred: the number is taken while the server commits, so a process that stops in the middle
-- of its transaction never holds up the changes of others. Neither that a sync has seen a row again (synced_at) nor that
-- one is removed that was deleted a month ago is a change; whatever else is written is one.
create constraint trigger note_insert after insert on identity.tenant
  deferrable initially deferred for each row execute function identity.note_row_change();
--> statement-breakpoint
create constraint trigger note_update after update on identity.tenant
  deferrable initially deferred for each row
  when (to_jsonb(old) - 'synced_at' is distinct from to_jsonb(new) - 'synced_at')
  execute function identity.note_row_change();
--> statement-breakpoint
create constraint trigger note_insert after insert on identity.identity
  deferrable initially deferred for each row execute function identity.note_row_change();
--> statement-breakpoint
create constraint trigger note_update after update on identity.identity
  deferrable initially deferred for each row
  when (to_jsonb(old) - 'synced_at' is distinct from to_jsonb(new) - 'synced_at')
  execute function identity.note_row_change();
--> statement-breakpoint
create constraint trigger note_insert after insert on identity.group_
  deferrable initially deferred for each row execute function identity.note_row_change();
--> statement-breakpoint
create constraint trigger note_update after update on identity.group_
  deferrable initially deferred for each row
  when (to_jsonb(old) - 'synced_at' is distinct from to_jsonb(new) - 'synced_at')
  execute function identity.note_row_change();
--> statement-breakpoint
create constraint trigger note_insert after insert on identity.membership
  deferrable initially deferred for each row execute function identity.note_row_change();
--> statement-breakpoint
create constraint trigger note_update after update on identity.membership
  deferrable initially deferred for each row
  when (to_jsonb(old) - 'synced_at' is distinct from to_jsonb(new) - 'synced_at')
  execute function identity.note_row_change();
--> statement-breakpoint
-- A partner's state counts in each of its tenants. They are read once the number is taken: a tenant whose commit comes
-- later has a later number, and is looked up under the new state.
create function identity.note_partner_change() returns trigger
language plpgsql security definer set search_path = identity, pg_temp as $$
begin
  perform identity.note_change(new.scope_id);
  perform identity.note_change(t.scope_id) from identity.tenant t where t.partner_id = new.id;
  return null;
end
$$;
--> statement-breakpoint
revoke all on function identity.note_partner_change() from public;
--> statement-breakpoint
create constraint trigger note_insert after insert on identity.partner
  deferrable initially deferred for each row execute function identity.note_partner_change();
--> statement-breakpoint
create constraint trigger note_update after update on identity.partner
  deferrable initially deferred for each row
  when (to_jsonb(old) - 'synced_at' is distinct from to_jsonb(new) - 'synced_at')
  execute function identity.note_partner_change();
