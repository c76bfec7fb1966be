import { isVaultError } from '@scaivault/errors';
import type { PartnerId } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import type { DirectoryStatus, TenantRecord } from './identity-directory.ts';
import { resolveTenant } from './resolve-tenant.ts';

const tenant = (partnerId: string, status: DirectoryStatus = 'ACTIVE'): TenantRecord => ({
  partnerId: partnerId as PartnerId,
  status,
});

/** Two partners, x and y; tenants in every state. */
const tenants: Readonly<Record<string, TenantRecord>> = {
  own: tenant('x'),
  sibling: tenant('x'),
  foreign: tenant('y'),
  suspended: tenant('x', 'SUSPENDED'),
  deleted: tenant('x', 'DELETED'),
  foreign_suspended: tenant('y', 'SUSPENDED'),
};

interface Case {
  readonly role?: string;
  readonly prefix?: string;
  readonly header?: string;
  /** Home tenant; `own` unless given. */
  readonly claim?: string | null;
  readonly partnerClaim?: string;
}

/** `tenant/partner/home`, or `code/reason`. */
const resolve = async ({ role, prefix, header, claim = 'own', partnerClaim }: Case): Promise<string> => {
  const directory = { tenant: async (id: string) => ({ record: tenants[id] }) };
  const roles = new Set(role === undefined ? [] : [role]);
  try {
    const found = await resolveTenant({ prefix, header, claim }, roles, partnerClaim ?? null, directory);
    return [found.tenantId, found.partnerId, found.homeTenantId ?? '-'].join('/');
  } catch (error) {
    if (isVaultError(error)) return [error.code, error.details?.reason].filter((part) => part !== undefined).join('/');
    throw error;
  }
};

const below = [undefined, 'tenant_admin', 'Super_admin', 'somebody'];
const partner = 'partner_admin';
const root = 'super_admin';
const everybody = [...below, partner, root];

/** Whose call, what it names, and what comes of it: the table of rest-api-core 3.1 with what section 15 settles. */
const table: readonly [string, readonly (string | undefined)[], Case, string][] = [
  ['the own tenant by the claim', everybody, {}, 'own/x/-'],
  ['the own tenant by the header', everybody, { header: 'own' }, 'own/x/-'],
  ['the own tenant by the prefix', everybody, { prefix: 'own' }, 'own/x/-'],
  ['the own tenant by prefix and header', everybody, { prefix: 'own', header: 'own' }, 'own/x/-'],
  ['prefix and header that differ', everybody, { prefix: 'own', header: 'sibling' }, 'invalid_request/tenant_mismatch'],
  ['no tenant anywhere', everybody, { claim: null }, 'invalid_request/tenant_required'],

  ['another tenant of the partner', below, { header: 'sibling' }, 'tenant_access_denied'],
  ['another tenant by the prefix', below, { prefix: 'sibling' }, 'tenant_access_denied'],
  ['a tenant of another partner', below, { header: 'foreign' }, 'tenant_access_denied'],
  ['a tenant that does not exist', below, { header: 'ghost' }, 'tenant_access_denied'],
  ['a deleted tenant', below, { header: 'deleted' }, 'tenant_access_denied'],
  ['what cannot be a tenant', below, { header: 'a b' }, 'tenant_access_denied'],
  ['an empty header', below, { header: '' }, 'tenant_access_denied'],

  ['another tenant of the partner', [partner], { header: 'sibling' }, 'sibling/x/own'],
  ['another tenant by the prefix', [partner], { prefix: 'sibling' }, 'sibling/x/own'],
  ['a tenant of another partner', [partner], { header: 'foreign' }, 'tenant_access_denied'],
  ['a suspended tenant of another partner', [partner], { header: 'foreign_suspended' }, 'tenant_access_denied'],
  ['another partner by a false claim', [partner], { header: 'foreign', partnerClaim: 'y' }, 'tenant_access_denied'],
  [
    'its partner by the claim, without home',
    [partner],
    { claim: null, header: 'foreign', partnerClaim: 'y' },
    'foreign/y/-',
  ],
  [
    'another partner, without home',
    [partner],
    { claim: null, header: 'own', partnerClaim: 'y' },
    'tenant_access_denied',
  ],
  ['any tenant, without home or partner', [partner], { claim: null, header: 'own' }, 'tenant_access_denied'],

  ['any existing tenant', [root], { header: 'foreign' }, 'foreign/y/own'],
  ['any existing tenant, without home', [root], { claim: null, header: 'foreign' }, 'foreign/y/-'],
  ['any existing tenant, from a home nobody knows', [root], { claim: 'ghost', header: 'foreign' }, 'foreign/y/ghost'],
  ['a tenant that does not exist', [partner, root], { header: 'ghost' }, 'tenant_not_found'],
  ['a deleted tenant', [partner, root], { header: 'deleted' }, 'tenant_not_found'],
  ['a home that nobody knows', everybody, { claim: 'ghost' }, 'tenant_not_found'],
  ['a home that can be no tenant', everybody, { claim: 'a b' }, 'tenant_not_found'],

  ['a suspended home', [...below, partner], { claim: 'suspended' }, 'forbidden/tenant_suspended'],
  ['a suspended home', [root], { claim: 'suspended' }, 'suspended/x/-'],
  ['a suspended tenant of the partner', [partner], { header: 'suspended' }, 'forbidden/tenant_suspended'],
  ['a suspended tenant', [root], { header: 'suspended' }, 'suspended/x/own'],
  [
    'another tenant, from a suspended home',
    [partner],
    { claim: 'suspended', header: 'own' },
    'forbidden/tenant_suspended',
  ],
  ['a deleted home', everybody, { claim: 'deleted' }, 'forbidden/tenant_deleted'],
  ['another tenant, from a deleted home', [partner], { claim: 'deleted', header: 'own' }, 'forbidden/tenant_deleted'],
  ['another tenant, from a deleted home', below, { claim: 'deleted', header: 'own' }, 'tenant_access_denied'],
];

describe('resolveTenant', () => {
  it.each(table.flatMap(([what, roles, given, result]) => roles.map((role) => ({ what, role, given, result }))))(
    '$role asking for $what gets $result',
    async ({ role, given, result }) => {
      expect(await resolve(role === undefined ? given : { ...given, role })).toBe(result);
    },
  );
});
