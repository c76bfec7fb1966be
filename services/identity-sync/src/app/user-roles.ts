import { isVaultError } from '@scaivault/errors';
import type { Caller, Once } from '@scaivault/pipeline';
import type { ScopeId } from '@scaivault/tenancy';
import { readRoles } from '../domain/admin-role.ts';
import { judgeRoleChange } from '../domain/judge-role-change.ts';
import type { Clock, KnownRoles, Publish, RoleStore } from '../ports.ts';
import { type FindById, identityNotFound } from './find-by-id.ts';

/** The administrator roles of a user, of ScaiKey and given here; 404 `identity_not_found`. */
export const createReadUserRoles =
  ({ roles, findById }: { readonly roles: Pick<RoleStore, 'read'>; readonly findById: FindById }) =>
  async (caller: Caller, userId: string): Promise<KnownRoles> => {
    const known = await roles.read(await findById(caller, 'user', userId), userId);
    if (known === undefined) throw identityNotFound('user');
    return known;
  };

/** What a change of roles was, for the audit row. */
export interface ChangedRoles {
  readonly before: KnownRoles;
  readonly after: KnownRoles;
}

/**
 * Gives a user these roles beside those of ScaiKey (rest-api-core 11.1); resolves when no process decides by what was
 * before. 404 `identity_not_found`, 400 `invalid_role`, 403 `forbidden` with the reason.
 */
export const createSetUserRoles =
  ({
    roles,
    findById,
    publish,
    nowMicros,
  }: {
    readonly roles: Pick<RoleStore, 'change'>;
    readonly findById: FindById;
    readonly publish: Publish;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller, userId: string, words: readonly string[], once: Once | undefined): Promise<ChangedRoles> => {
    const wanted = readRoles(words);
    const tenantId = await findById(caller, 'user', userId);
    const isOwn = userId === caller.subjectId && tenantId === (caller.homeTenantId ?? caller.tenantId);
    const judge = (current: readonly string[]): void =>
      judgeRoleChange({ callerRoles: caller.roles, isOwn, current, wanted });
    const scopes = [`t:${tenantId}` as ScopeId];
    let changed: ChangedRoles | undefined;
    try {
      changed = await roles.change(tenantId, userId, { wanted, judge, nowMicros: nowMicros() }, once);
    } catch (error) {
      // After an outage nobody knows whether the commit happened.
      if (!isVaultError(error) || error.httpStatus >= 500) await publish(scopes);
      throw error;
    }
    if (changed === undefined) throw identityNotFound('user');
    await publish(scopes);
    return changed;
  };
