import { create } from '@bufbuild/protobuf';
import {
  type DirectoryGroup,
  DirectoryGroupSchema,
  type DirectoryPartner,
  DirectoryPartnerSchema,
  type DirectoryTenant,
  DirectoryTenantSchema,
  type DirectoryUser,
  DirectoryUserSchema,
  type GroupMember,
  GroupMemberSchema,
  type StartSyncResponse,
  StartSyncResponseSchema,
  type Sync,
  SyncSchema,
  type UserRoles,
  UserRolesSchema,
} from '@scaivault/contracts/identity/v1/directory';
import { timestampOf } from '@scaivault/runtime';
import type {
  KnownRoles,
  ListedGroup,
  ListedMember,
  ListedPartner,
  ListedTenant,
  ListedUser,
  SyncRun,
} from '../ports.ts';

/** The fields that are there: in a message an absent one is left out, not null. */
const present = <Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], null> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as never;

const stamp = (micros: number | null) => (micros === null ? null : timestampOf(micros));

export const encodePartner = ({ id, name, slug, region, status, syncedAtMicros }: ListedPartner): DirectoryPartner =>
  create(DirectoryPartnerSchema, {
    id,
    status,
    lastSyncedAt: timestampOf(syncedAtMicros),
    ...present({ name, slug, region }),
  });

export const encodeTenant = ({ id, partnerId, name, slug, status, syncedAtMicros }: ListedTenant): DirectoryTenant =>
  create(DirectoryTenantSchema, {
    id,
    partnerId,
    status,
    lastSyncedAt: timestampOf(syncedAtMicros),
    ...present({ name, slug }),
  });

export const encodeUser = ({ email, displayName, syncedAtMicros, groups, roles, ...user }: ListedUser): DirectoryUser =>
  create(DirectoryUserSchema, {
    ...user,
    groups: [...groups],
    roles: [...roles],
    lastSyncedAt: timestampOf(syncedAtMicros),
    ...present({ email, displayName }),
  });

export const encodeGroup = ({ syncedAtMicros, ...group }: ListedGroup): DirectoryGroup =>
  create(DirectoryGroupSchema, { ...group, lastSyncedAt: timestampOf(syncedAtMicros) });

export const encodeMember = ({ userId, email, inherited, addedAtMicros }: ListedMember): GroupMember =>
  create(GroupMemberSchema, {
    userId,
    membershipType: inherited ? 'INHERITED' : 'DIRECT',
    addedAt: timestampOf(addedAtMicros),
    ...present({ email }),
  });

export const encodeSync = (run: SyncRun): Sync => {
  const { id, status, trigger, created, updated, removed } = run;
  return create(SyncSchema, {
    syncId: id,
    status,
    trigger,
    created,
    updated,
    removed,
    startedAt: timestampOf(run.startedAtMicros),
    ...present({
      partnerId: run.partnerId,
      tenantId: run.tenantId,
      completedAt: stamp(run.completedAtMicros),
      error: run.error,
    }),
  });
};

export const encodeStarted = ({ id, status, startedAtMicros }: SyncRun): StartSyncResponse =>
  create(StartSyncResponseSchema, { syncId: id, status, startedAt: timestampOf(startedAtMicros) });

export const encodeUserRoles = (userId: string, { roles, changedAtMicros }: KnownRoles): UserRoles =>
  create(UserRolesSchema, { userId, roles: [...roles], ...present({ updatedAt: stamp(changedAtMicros) }) });
