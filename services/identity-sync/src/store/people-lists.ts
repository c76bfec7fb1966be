import type { Statement, Tx } from '@scaivault/db';
import type { TenantId } from '@scaivault/tenancy';
import { mostListed, type PageOf, type PageRequest } from '../domain/page-window.ts';
import type { Status } from '../domain/status.ts';
import type { ListedGroup, ListedMember, ListedUser } from '../ports.ts';
import { beginsWith } from './begins-with.ts';
import { countUpTo } from './count-up-to.ts';

const mostMembersCounted = 10_000;

export const window = (tx: Tx, { page, pageSize }: PageRequest): Statement =>
  tx`limit ${pageSize} offset ${(page - 1) * pageSize}`;

/** In that state, or (undefined) in any but deleted. */
export const inState = (tx: Tx, status: Status | undefined): Statement =>
  status === undefined ? tx`status <> 'DELETED'` : tx`status = ${status}`;

/** People and service accounts of the tenant that the transaction is in, by id. */
export const pageOfUsers = async (
  tx: Tx,
  tenantId: TenantId,
  { q, status }: { readonly q: string | undefined; readonly status: Status | undefined },
  page: PageRequest,
): Promise<PageOf<ListedUser>> => {
  const scopeId = `t:${tenantId}`;
  const found =
    q === undefined
      ? tx``
      : tx`and (${beginsWith(tx, 'email_key', q)} or ${beginsWith(tx, 'name_key', q)} or ${beginsWith(tx, 'surname_key', q)})`;
  const where = tx`where scope_id = ${scopeId} and identity_id is not null and ${inState(tx, status)} ${found}`;
  const rows = await tx<Omit<ListedUser, 'tenantId'>[]>`
    select i.*, g.names as groups
    from (
      select subject_id as id, email, display_name as "displayName", status, mfa_enabled as "mfaEnabled",
        array(select distinct r from unnest(roles || assigned_roles) r order by r) as roles, synced_at as "syncedAtMicros"
      from identity ${where} order by subject_id ${window(tx, page)}
    ) i
    cross join lateral (
      select coalesce(array_agg(m.identity_id) filter (where m.identity_id <> ''), '{}') as names
      from groups_of(${scopeId}, i.id) m
    ) g
    order by i.id`;
  const total = await countUpTo(tx, mostListed, tx`select 1 from identity ${where}`);
  return { items: rows.map((row) => ({ ...row, tenantId })), total };
};

/** Who counts as a member: not deleted, and no deletion of either side came after. */
const livingMembers = (tx: Tx, scopeId: string, groupId: Statement): Statement => tx`
  from membership m
  join identity i on i.scope_id = m.scope_id and i.subject_id = m.subject_id
  join group_ g on g.scope_id = m.scope_id and g.subject_id = m.group_id
  where m.scope_id = ${scopeId} and m.group_id = ${groupId} and m.present and i.status <> 'DELETED'
    and m.source_time > i.memberships_void_until and m.source_time > g.memberships_void_until`;

/** Groups of the tenant that the transaction is in, by id. */
export const pageOfGroups = async (
  tx: Tx,
  tenantId: TenantId,
  q: string | undefined,
  page: PageRequest,
): Promise<PageOf<ListedGroup>> => {
  const scopeId = `t:${tenantId}`;
  const found = q === undefined ? tx`` : tx`and ${beginsWith(tx, 'name_key', q)}`;
  const where = tx`where scope_id = ${scopeId} and identity_id is not null and status <> 'DELETED' ${found}`;
  const rows = await tx<Omit<ListedGroup, 'tenantId'>[]>`
    select l.id, l.name, l."syncedAtMicros", c.count as "memberCount"
    from (
      select subject_id as id, name, synced_at as "syncedAtMicros"
      from group_ ${where} order by subject_id ${window(tx, page)}
    ) l
    cross join lateral (
      select count(*)::integer as count
      from (select 1 ${livingMembers(tx, scopeId, tx`l.id`)} limit ${mostMembersCounted}) counted
    ) c
    order by l.id`;
  const total = await countUpTo(tx, mostListed, tx`select 1 from group_ ${where}`);
  return { items: rows.map((row) => ({ ...row, tenantId })), total };
};

/** Members of a group of the tenant that the transaction is in, by id. */
export const pageOfMembers = async (
  tx: Tx,
  tenantId: TenantId,
  groupId: string,
  page: PageRequest,
): Promise<PageOf<ListedMember>> => {
  const members = livingMembers(tx, `t:${tenantId}`, tx`${groupId}`);
  const items = await tx<ListedMember[]>`
    select m.subject_id as "userId", i.email, m.inherited, coalesce(m.added_at, m.source_time) as "addedAtMicros"
    ${members} order by m.subject_id ${window(tx, page)}`;
  return { items, total: await countUpTo(tx, mostListed, tx`select 1 ${members}`) };
};
