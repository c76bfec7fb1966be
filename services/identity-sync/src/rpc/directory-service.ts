import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type DirectoryService,
  ListGroupMembersResponseSchema,
  ListGroupsResponseSchema,
  ListPartnersResponseSchema,
  ListRolesResponseSchema,
  ListSyncsResponseSchema,
  ListTenantsResponseSchema,
  ListUsersResponseSchema,
} from '@scaivault/contracts/identity/v1/directory';
import { answerWith, callerOf, noteForAudit, onceOf } from '@scaivault/pipeline';
import { parsePartnerId } from '@scaivault/tenancy';
import type { ListDirectory } from '../app/list-directory.ts';
import type { createStartSync } from '../app/start-sync.ts';
import type { createReadUserRoles, createSetUserRoles } from '../app/user-roles.ts';
import { adminRoles } from '../domain/admin-role.ts';
import { readPage } from '../domain/page-window.ts';
import { decodeStatus } from './decode.ts';
import {
  encodeGroup,
  encodeMember,
  encodePartner,
  encodeStarted,
  encodeSync,
  encodeTenant,
  encodeUser,
  encodeUserRoles,
} from './encode-directory.ts';
import { readRoleList } from './read-role-list.ts';

export interface DirectoryUseCases {
  readonly list: ListDirectory;
  readonly startSync: ReturnType<typeof createStartSync>;
  readonly readUserRoles: ReturnType<typeof createReadUserRoles>;
  readonly setUserRoles: ReturnType<typeof createSetUserRoles>;
}

/** The directory over the wire (rest-api-core 11.1). */
export const createDirectoryService = (use: DirectoryUseCases): ServiceImpl<typeof DirectoryService> => ({
  listPartners: async ({ status, page, pageSize }, context) => {
    const asked = readPage(page, pageSize);
    const { items, total } = await use.list.partners(callerOf(context), decodeStatus(status), asked);
    return create(ListPartnersResponseSchema, { partners: items.map(encodePartner), total, ...asked });
  },

  listTenants: async ({ partnerId, status, page, pageSize }, context) => {
    const asked = readPage(page, pageSize);
    const filter = {
      partnerId: partnerId === undefined ? undefined : parsePartnerId(partnerId),
      status: decodeStatus(status),
    };
    const { items, total } = await use.list.tenants(callerOf(context), filter, asked);
    return create(ListTenantsResponseSchema, { tenants: items.map(encodeTenant), total, ...asked });
  },

  listUsers: async ({ tenantId, status, q, page, pageSize }, context) => {
    const asked = readPage(page, pageSize);
    const filter = { tenantId, q, status: decodeStatus(status) };
    noteForAudit(context, { directory_tenant_id: tenantId });
    const { items, total } = await use.list.users(callerOf(context), filter, asked);
    return create(ListUsersResponseSchema, { users: items.map(encodeUser), total, ...asked });
  },

  listGroups: async ({ tenantId, q, page, pageSize }, context) => {
    const asked = readPage(page, pageSize);
    noteForAudit(context, { directory_tenant_id: tenantId });
    const { items, total } = await use.list.groups(callerOf(context), { tenantId, q }, asked);
    return create(ListGroupsResponseSchema, { groups: items.map(encodeGroup), total, ...asked });
  },

  listGroupMembers: async ({ groupId, page, pageSize }, context) => {
    const asked = readPage(page, pageSize);
    noteForAudit(context, { group_id: groupId });
    const { items, total } = await use.list.members(callerOf(context), groupId, asked);
    return create(ListGroupMembersResponseSchema, { members: items.map(encodeMember), total, ...asked });
  },

  startSync: async ({ partnerId, tenantId }, context) => {
    const run = await use.startSync(callerOf(context), { partnerId, tenantId }, onceOf(context));
    noteForAudit(context, { sync_id: run.id, sync_partner_id: run.partnerId, sync_tenant_id: run.tenantId });
    answerWith(context, { location: '/v1/identity/sync/history' });
    return encodeStarted(run);
  },

  listSyncs: async ({ page, pageSize }, context) => {
    const asked = readPage(page, pageSize);
    const { items, total } = await use.list.syncs(callerOf(context), asked);
    return create(ListSyncsResponseSchema, { syncs: items.map(encodeSync), total, ...asked });
  },

  listRoles: () =>
    create(ListRolesResponseSchema, {
      roles: adminRoles.map(({ name, description, grantableBy }) => ({
        name,
        description,
        grantableBy: [...grantableBy],
      })),
    }),

  getUserRoles: async ({ userId }, context) => {
    noteForAudit(context, { user_id: userId });
    return encodeUserRoles(userId, await use.readUserRoles(callerOf(context), userId));
  },

  setUserRoles: async ({ userId, roles }, context) => {
    noteForAudit(context, { user_id: userId });
    const { before, after } = await use.setUserRoles(callerOf(context), userId, readRoleList(roles), onceOf(context));
    noteForAudit(context, { roles_before: before.roles, roles_after: after.roles });
    return encodeUserRoles(userId, after);
  },
});
