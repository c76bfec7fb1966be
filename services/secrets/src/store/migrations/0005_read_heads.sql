drop function secrets.read_head(text, text);
--> statement-breakpoint
-- The rows that writes look at first, any number of a tenant's in one round trip: sets the scope for this statement's
-- transaction.
create function secrets.read_heads(p_scope text, p_paths text[]) returns setof secrets.secret
language plpgsql as $$
begin
  perform set_config('scaivault.scope', p_scope, true);
  return query select s.* from secrets.secret s where s.scope_id = p_scope and s.path = any (p_paths);
end $$;
