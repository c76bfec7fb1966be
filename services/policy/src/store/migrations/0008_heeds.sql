-- Who follows may heed only some of what changes: scopes whose names begin so, '' for all. It is told of no others, and
-- no change of others waits for it (ADR 0018). The same in every service that has such news.
alter table policy.follower add column heeds text collate "C" not null default '' check (length(heeds) <= 16);
--> statement-breakpoint
-- What counts as a change. Rate limits have names of their own: every process counts by them, and few decide by policies.
drop trigger note_change on policy.rate_limit;
--> statement-breakpoint
create function policy.note_limit_change() returns trigger
language plpgsql security definer set search_path = policy, pg_temp as $$
begin
  perform policy.note_change('l:' || substr(coalesce(new.scope_id, old.scope_id), 3));
  return null;
end
$$;
--> statement-breakpoint
revoke all on function policy.note_limit_change() from public;
--> statement-breakpoint
create constraint trigger note_change after insert or update or delete on policy.rate_limit
  deferrable initially deferred for each row execute function policy.note_limit_change();
