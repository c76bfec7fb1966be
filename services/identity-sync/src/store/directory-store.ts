import type { Database, SqlTag } from '@scaivault/db';
import { partnerScope, type ScopeId, scopeId, type TenantId } from '@scaivault/tenancy';
import type { Directory, KnownIdentity, KnownTenant, NamedIdentity } from '../ports.ts';
import { selectPartner } from './partner-table.ts';

type IdentityRow<Known extends KnownIdentity> = Omit<Known, 'groups'> & {
  readonly groupSubjectIds: readonly string[];
  readonly groupIdentityIds: readonly string[];
};

const groupsOf = ({ groupSubjectIds, groupIdentityIds }: IdentityRow<KnownIdentity>): KnownIdentity['groups'] =>
  groupSubjectIds.map((subjectId, index) => ({ subjectId, identityId: groupIdentityIds[index] ?? '' }));

/** By identity string before ScaiKey id, the living before the deleted, the last renamed first. */
const bestMatch = (sql: SqlTag, identityId: string) => sql`
  order by (identity_id = ${identityId}) desc, (status = 'DELETED'), profile_time desc limit 1`;

const selectPerson = async (
  sql: SqlTag,
  scopeId: ScopeId,
  type: string | null,
  identityId: string,
): Promise<NamedIdentity | undefined> => {
  const [row] = await sql<IdentityRow<NamedIdentity>[]>`
    select i.*, g.ids as "groupSubjectIds", g.names as "groupIdentityIds"
    from (
      select subject_id as "subjectId", type, identity_id as "identityId", display_name as "displayName", status,
        roles || assigned_roles as roles, tokens_void_before as "tokensVoidBeforeMicros",
        mfa_void_before as "mfaVoidBeforeMicros"
      from identity
      where scope_id = ${scopeId} and (identity_id = ${identityId} or subject_id = ${identityId})
        and identity_id is not null and (${type}::text is null or type = ${type}::text)
      ${bestMatch(sql, identityId)}
    ) i
    cross join lateral (
      select coalesce(array_agg(m.subject_id), '{}') as ids, coalesce(array_agg(m.identity_id), '{}') as names
      from groups_of(${scopeId}, i."subjectId") m
    ) g`;
  return row === undefined ? undefined : { ...row, groups: groupsOf(row) };
};

const selectGroup = async (sql: SqlTag, scopeId: ScopeId, identityId: string): Promise<NamedIdentity | undefined> => {
  const [row] = await sql<Pick<NamedIdentity, 'subjectId' | 'identityId' | 'displayName' | 'status'>[]>`
    select subject_id as "subjectId", identity_id as "identityId", name as "displayName", status
    from group_
    where scope_id = ${scopeId} and (identity_id = ${identityId} or subject_id = ${identityId})
      and identity_id is not null
    ${bestMatch(sql, identityId)}`;
  if (row === undefined) return undefined;
  return { ...row, type: 'group', groups: [], roles: [], tokensVoidBeforeMicros: null, mfaVoidBeforeMicros: null };
};

const scopeOf = (tenantId: TenantId): ScopeId => `t:${tenantId}` as ScopeId;

/** The tables as lookups read them. */
export const createDirectoryStore = (db: Pick<Database, 'withScope' | 'readScope' | 'sql'>): Directory => ({
  tenant: async (tenantId) => {
    const [row] = await db.sql<KnownTenant[]>`
      select partner_id as "partnerId", status, partner_status as "partnerStatus" from lookup_tenant(${tenantId}::text)`;
    return row;
  },

  partner: async (partnerId) => {
    const ownScope = scopeId(partnerScope(partnerId));
    return await db.withScope(ownScope, (tx) => selectPartner(tx, ownScope));
  },

  caller: async (tenantId, subject, identityId) => {
    const [row] = await db.sql<IdentityRow<KnownIdentity>[]>`
      select subject_id as "subjectId", type, identity_id as "identityId", display_name as "displayName", status, roles,
        tokens_void_before as "tokensVoidBeforeMicros", mfa_void_before as "mfaVoidBeforeMicros",
        group_subject_ids as "groupSubjectIds", group_identity_ids as "groupIdentityIds"
      from lookup_caller(${tenantId}::text, ${subject}::text, ${identityId}::text)`;
    return row === undefined ? undefined : { ...row, groups: groupsOf(row) };
  },

  identity: async (tenantId, type, identityId) => {
    const scopeId = scopeOf(tenantId);
    const sql = db.readScope(scopeId);
    const person = type === 'group' ? undefined : await selectPerson(sql, scopeId, type ?? null, identityId);
    if (person !== undefined || (type !== undefined && type !== 'group')) return person;
    return await selectGroup(sql, scopeId, identityId);
  },
});
