-- In which tenant's directory a bound name was, or will be, found; what is bound before it is known is pinned by that
-- directory later. Null in rows of earlier versions: there a tenant's policy has the tenant's own directory, and what a
-- partner bound is pinned when it is bound again. (No backfill: the note_change trigger would have to wait for it.)
alter table policy.binding add column directory_tenant_id text collate "C" check (length(directory_tenant_id) <= 128);
--> statement-breakpoint
create index binding_unpinned on policy.binding (scope_id, policy_id, id) where subject_id is null;
--> statement-breakpoint
-- Reads across scopes, in batches: the live bindings that no subject is behind yet. Each is pinned within its own scope.
create function policy.list_unpinned_bindings(after_scope text, after_policy text, after_id text, most integer)
returns table (scope_id text, policy_id text, id text, identity_type text, identity_id text, directory_tenant_id text)
language sql stable security definer set search_path = policy, pg_temp as $$
  select * from (
    select b.scope_id, b.policy_id, b.id, b.identity_type, b.identity_id,
      coalesce(b.directory_tenant_id, substring(b.scope_id from '^t:(.*)$')) as directory_tenant_id
    from policy.binding b
    where b.subject_id is null and (b.expires_at is null or b.expires_at > now())
      and (b.scope_id, b.policy_id, b.id) > (after_scope collate "C", after_policy collate "C", after_id collate "C")
  ) unpinned
  where unpinned.directory_tenant_id is not null
  order by unpinned.scope_id, unpinned.policy_id, unpinned.id
  limit most
$$;
--> statement-breakpoint
revoke all on function policy.list_unpinned_bindings(text, text, text, integer) from public;
--> statement-breakpoint
grant execute on function policy.list_unpinned_bindings(text, text, text, integer) to scaivault_policy;
