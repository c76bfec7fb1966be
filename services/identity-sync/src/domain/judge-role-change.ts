import { VaultError } from '@scaivault/errors';
import { type AdminRole, rankOf } from './admin-role.ts';

export interface RoleChange {
  /** Roles that the caller acts with. */
  readonly callerRoles: ReadonlySet<string>;
  readonly isOwn: boolean;
  /** Of ScaiKey and given here, as the mirror holds them; what a token claims beside them does not count. */
  readonly current: readonly string[];
  readonly wanted: readonly AdminRole[];
}

const forbidden = (reason: string, message: string): VaultError =>
  new VaultError('forbidden', message, { details: { reason } });

/**
 * Who may change whose roles (rest-api-core 11.1): 403 `forbidden` with `self_elevation`, `partner_admin_required` or
 * `super_admin_required`. That the last super_admin stays is the store's to see, which holds the lock.
 */
export const judgeRoleChange = ({ callerRoles, isOwn, current, wanted }: RoleChange): void => {
  if (isOwn && rankOf(wanted) > rankOf(current)) throw forbidden('self_elevation', 'Nobody raises the own roles.');
  if (rankOf(callerRoles) < rankOf(['partner_admin'])) {
    throw forbidden('partner_admin_required', 'Roles are given by partner administrators only.');
  }
  const movesSuper = current.includes('super_admin') !== wanted.includes('super_admin');
  if (movesSuper && !callerRoles.has('super_admin')) {
    throw forbidden('super_admin_required', 'This role is given and taken by a super_admin only.');
  }
};

/** 403 `forbidden`, `last_super_admin`. */
export const lastSuperAdmin = (): VaultError =>
  forbidden('last_super_admin', 'This is the last super_admin. Name another one first.');
