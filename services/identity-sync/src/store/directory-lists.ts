import type { Database } from '@scaivault/db';
import type { PartnerId, ScopeId, TenantId } from '@scaivault/tenancy';
import { mostListed } from '../domain/page-window.ts';
import { platformScope } from '../domain/sight.ts';
import type { DirectoryLists, ListedPartner, ListedTenant } from '../ports.ts';
import { countUpTo } from './count-up-to.ts';
import { inState, pageOfGroups, pageOfMembers, pageOfUsers, window } from './people-lists.ts';

const tenantScopeId = (tenantId: TenantId): ScopeId => `t:${tenantId}` as ScopeId;
const partnerScopeId = (partnerId: PartnerId): ScopeId => `p:${partnerId}` as ScopeId;

/** The tables as the lists of rest-api-core 11.1 read them; each runs in the narrowest scope that shows its rows. */
export const createDirectoryLists = (db: Pick<Database, 'withScope' | 'sql'>): DirectoryLists => ({
  partners: (partnerId, status, page) =>
    db.withScope(partnerId === undefined ? platformScope : partnerScopeId(partnerId), async (tx) => {
      const one = partnerId === undefined ? tx`` : tx`and scope_id = ${partnerScopeId(partnerId)}`;
      const where = tx`where ${inState(tx, status)} ${one}`;
      const items = await tx<ListedPartner[]>`
        select id, name, slug, region, status, synced_at as "syncedAtMicros"
        from partner ${where} order by scope_id ${window(tx, page)}`;
      return { items, total: await countUpTo(tx, mostListed, tx`select 1 from partner ${where}`) };
    }),

  tenants: ({ partnerId, tenantId, status }, page) =>
    db.withScope(partnerId === undefined ? platformScope : partnerScopeId(partnerId), async (tx) => {
      const ofPartner = partnerId === undefined ? tx`` : tx`and partner_id = ${partnerId}`;
      const one = tenantId === undefined ? tx`` : tx`and scope_id = ${tenantScopeId(tenantId)}`;
      const where = tx`where partner_id is not null and ${inState(tx, status)} ${ofPartner} ${one}`;
      const items = await tx<ListedTenant[]>`
        select id, partner_id as "partnerId", name, slug, status, synced_at as "syncedAtMicros"
        from tenant ${where} order by id ${window(tx, page)}`;
      return { items, total: await countUpTo(tx, mostListed, tx`select 1 from tenant ${where}`) };
    }),

  users: (tenantId, filter, page) =>
    db.withScope(tenantScopeId(tenantId), (tx) => pageOfUsers(tx, tenantId, filter, page)),

  groups: (tenantId, { q }, page) => db.withScope(tenantScopeId(tenantId), (tx) => pageOfGroups(tx, tenantId, q, page)),

  members: (tenantId, groupId, page) =>
    db.withScope(tenantScopeId(tenantId), (tx) => pageOfMembers(tx, tenantId, groupId, page)),

  locate: async (kind, id) => {
    const rows = await db.sql<{ scopeId: string; partnerId: PartnerId }[]>`
      select scope_id as "scopeId", partner_id as "partnerId"
      from ${db.sql(kind === 'user' ? 'locate_identity' : 'locate_group')}(${id}::text)`;
    return rows.map(({ scopeId, partnerId }) => ({ tenantId: scopeId.slice('t:'.length) as TenantId, partnerId }));
  },
});
