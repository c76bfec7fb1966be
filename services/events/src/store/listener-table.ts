import type { Database } from '@scaivault/db';
import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import type { Listener, ListenerKind } from '../domain/listener.ts';
import type { ListenerStore } from '../ports.ts';

interface ListenerRow {
  readonly scopeId: ScopeId;
  readonly id: string;
  readonly kind: ListenerKind;
  readonly partnerId: PartnerId;
  readonly events: readonly string[];
  readonly pathPrefix: string | null;
  readonly secretType: string | null;
  readonly tags: readonly string[] | null;
  readonly paths: readonly string[] | null;
}

const fromRow = ({ pathPrefix, secretType, tags, ...row }: ListenerRow): Listener => ({
  ...row,
  filters: { pathPrefix, secretType, tags },
});

/** The table `listener`. */
export const createListenerTable = ({ sql }: Pick<Database, 'sql'>): ListenerStore => ({
  find: async ({ scopes, partners }, names) => {
    const rows = await sql<ListenerRow[]>`
      select scope_id as "scopeId", id, kind, partner_id as "partnerId", events, path_prefix as "pathPrefix",
        secret_type as "secretType", tags, paths
      from find_listeners(${scopes}::text[], ${partners}::text[], ${names}::text[])`;
    return rows.map(fromRow);
  },

  findAccessScopes: async (most) => {
    const rows = await sql<{ scopeId: ScopeId }[]>`
      select scope_id as "scopeId" from find_access_scopes(${most}::int4)`;
    return rows.map(({ scopeId }) => scopeId);
  },

  put: async (tx, { scopeId, id, kind, partnerId, events, filters, paths }, isActive) => {
    await tx`
      insert into listener (
        scope_id, id, kind, partner_id, events, path_prefix, secret_type, tags, paths, is_active
      ) values (
        ${scopeId}, ${id}, ${kind}, ${partnerId}, ${events}::text[], ${filters.pathPrefix}, ${filters.secretType},
        ${filters.tags}::text[], ${paths}::text[], ${isActive}
      )
      on conflict (scope_id, id) do update set
        events = excluded.events, path_prefix = excluded.path_prefix, secret_type = excluded.secret_type,
        tags = excluded.tags, paths = excluded.paths, is_active = excluded.is_active`;
  },

  setActive: async (tx, scopeId, id, isActive) => {
    await tx`update listener set is_active = ${isActive} where scope_id = ${scopeId} and id = ${id}`;
  },

  remove: async (tx, scopeId, id) => {
    await tx`delete from listener where scope_id = ${scopeId} and id = ${id}`;
  },
});
