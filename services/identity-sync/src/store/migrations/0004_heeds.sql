-- Who follows may heed only some of what changes: scopes whose names begin so, '' for all. It is told of no others, and
-- no change of others waits for it (ADR 0018). The same in every service that has such news.
alter table identity.follower add column heeds text collate "C" not null default '' check (length(heeds) <= 16);
