-- How far the relay is behind: the rows that are left, counted by their positions, and for how many seconds the first one has
-- waited. Two looks at the ends of an index, however many there are; a position whose transaction was undone counts too.
create function policy.outbox_backlog() returns table (events bigint, oldest_seconds double precision)
language sql stable security definer set search_path = policy, pg_temp as $$
  select l.position - f.position + 1, greatest(0, extract(epoch from now() - f.occurred_at))
  from (select position, occurred_at from outbox order by position limit 1) f,
    (select position from outbox order by position desc limit 1) l
$$;
--> statement-breakpoint
revoke all on function policy.outbox_backlog() from public;
--> statement-breakpoint
grant execute on function policy.outbox_backlog() to scaivault_policy;
