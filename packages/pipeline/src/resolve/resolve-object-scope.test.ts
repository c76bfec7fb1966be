import { isVaultError } from '@scaivault/errors';
import { type PartnerId, parsePartnerId, parseTenantId, scopeId } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import type { PartnerRecord } from './identity-directory.ts';
import { type ObjectScopeSources, resolveObjectScopes } from './resolve-object-scope.ts';

const tenant = { tenantId: parseTenantId('own'), partnerId: parsePartnerId('x'), homeTenantId: null };

const partners: Readonly<Record<string, PartnerRecord>> = {
  x: { status: 'ACTIVE' },
  y: { status: 'ACTIVE' },
  suspended: { status: 'SUSPENDED' },
  deleted: { status: 'DELETED' },
};

interface Case extends Partial<ObjectScopeSources> {
  /** A service without objects of partners. */
  readonly elsewhere?: boolean;
  /** A service whose objects are of one scope or the other by a field. */
  readonly byField?: boolean;
}

/** The stored key of the scope and, where it is another, of the shared one; or `code/detail`; and which partners were looked up. */
const resolve = async (
  role: string | undefined,
  { word, partner, elsewhere = false, byField = false }: Case,
): Promise<string> => {
  const asked: PartnerId[] = [];
  const directory = {
    partner: async (id: PartnerId) => {
      asked.push(id);
      return { record: partners[id] };
    },
  };
  const roles = new Set(role === undefined ? [] : [role]);
  try {
    const served = { partnerPrefix: !elsewhere && !byField, partnerScope: byField };
    const scopes = await resolveObjectScopes({ word, partner }, served, tenant, roles, directory);
    expect(scopeId(scopes.scope)).toBe('t:own');
    const shown = new Set([scopes.objectScope, scopes.sharedScope].map(scopeId));
    return [...shown, ...asked].join(' ');
  } catch (error) {
    if (!isVaultError(error)) throw error;
    return `${error.code}/${error.details?.reason ?? error.details?.resource}`;
  }
};

const below = [undefined, 'tenant_admin', 'partner_admin', 'Super_admin'];
const root = 'super_admin';
const everybody = [...below, root];

/** Who says what, and whose objects it is about: rest-api-core 1.2 and 3.2. */
const table: readonly [string, readonly (string | undefined)[], Case, string][] = [
  ['nothing', everybody, {}, 't:own p:x'],
  ['tenant', everybody, { word: 'tenant' }, 't:own p:x'],
  ['a partner alone', everybody, { partner: 'ghost' }, 't:own p:x'],
  ['a partner alone, where no partner has objects', everybody, { partner: 'y', elsewhere: true }, 't:own p:x'],
  ['partner', everybody, { word: 'partner' }, 'p:x'],
  [
    'partner, where no partner has objects',
    everybody,
    { word: 'partner', elsewhere: true },
    'invalid_request/object_scope',
  ],
  ['another word', everybody, { word: 'Partner' }, 'invalid_request/object_scope'],
  ['no word at all', everybody, { word: '' }, 'invalid_request/object_scope'],
  ["the tenant's partner by name", everybody, { word: 'partner', partner: 'x' }, 'p:x'],
  ['another partner', below, { word: 'partner', partner: 'y' }, 'forbidden/foreign_partner'],
  ['a partner that does not exist', below, { word: 'partner', partner: 'ghost' }, 'forbidden/foreign_partner'],
  ['a partner that cannot exist', below, { word: 'partner', partner: 'a b' }, 'forbidden/foreign_partner'],
  ['another partner', [root], { word: 'partner', partner: 'y' }, 'p:y y'],
  ['a suspended partner', [root], { word: 'partner', partner: 'suspended' }, 'p:suspended suspended'],
  ['a partner that does not exist', [root], { word: 'partner', partner: 'ghost' }, 'not_found/partner'],
  ['a deleted partner', [root], { word: 'partner', partner: 'deleted' }, 'not_found/partner'],
  ['a partner that cannot exist', [root], { word: 'partner', partner: 'a b' }, 'invalid_request/invalid_partner_id'],
  ['no partner, where a field tells the scope', everybody, { byField: true }, 't:own p:x'],
  ["the tenant's partner, where a field tells the scope", everybody, { byField: true, partner: 'x' }, 't:own p:x'],
  [
    'partner, where a field tells the scope',
    everybody,
    { byField: true, word: 'partner' },
    'invalid_request/object_scope',
  ],
  [
    'another partner, where a field tells the scope',
    below,
    { byField: true, partner: 'y' },
    'forbidden/foreign_partner',
  ],
  ['nobody, where a field tells the scope', below, { byField: true, partner: 'ghost' }, 'forbidden/foreign_partner'],
  ['another partner, where a field tells the scope', [root], { byField: true, partner: 'y' }, 't:own p:y y'],
  ['nobody, where a field tells the scope', [root], { byField: true, partner: 'ghost' }, 'not_found/partner'],
];

describe('resolveObjectScope', () => {
  it.each(table.flatMap(([what, roles, given, result]) => roles.map((role) => ({ what, role, given, result }))))(
    '$role saying $what gets $result',
    async ({ role, given, result }) => {
      expect(await resolve(role, given)).toBe(result);
    },
  );
});
