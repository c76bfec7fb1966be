import { VaultError } from '@scaivault/errors';
import { type PartnerId, parseTenantId, type TenantId } from '@scaivault/tenancy';
import type { IdentityDirectory, TenantRecord } from './identity-directory.ts';
import { readTenantClaim, unknownTenant } from './tenant-claim.ts';

/** The three places that may name a tenant (rest-api-core 3.1). */
export interface TenantSources {
  readonly prefix: string | undefined;
  readonly header: string | undefined;
  readonly claim: string | null;
}

export interface ResolvedTenant {
  readonly tenantId: TenantId;
  readonly partnerId: PartnerId;
  /** Tenant of the token, when another one is acted in. */
  readonly homeTenantId: TenantId | null;
}

const closed = (): VaultError => new VaultError('tenant_access_denied', 'This tenant is not open to you.');
const noTenant = (): VaultError =>
  new VaultError('invalid_request', 'Name a tenant: the token has none.', { details: { reason: 'tenant_required' } });
const ambiguous = (): VaultError =>
  new VaultError('invalid_request', 'The path and X-Tenant-ID name different tenants.', {
    details: { reason: 'tenant_mismatch' },
  });
const notActive = (status: 'SUSPENDED' | 'DELETED'): VaultError =>
  status === 'SUSPENDED'
    ? new VaultError('forbidden', 'The tenant is suspended.', { details: { reason: 'tenant_suspended' } })
    : new VaultError('forbidden', 'The tenant was deleted.', { details: { reason: 'tenant_deleted' } });

const inHome = (home: TenantId, record: TenantRecord | undefined, isSuper: boolean): ResolvedTenant => {
  if (record === undefined) throw unknownTenant();
  if (record.status === 'DELETED' || (record.status === 'SUSPENDED' && !isSuper)) throw notActive(record.status);
  return { tenantId: home, partnerId: record.partnerId, homeTenantId: null };
};

/**
 * The tenant a call acts in, by the table of rest-api-core 3.1. Refusals: `invalid_request` (contradiction, none named),
 * `tenant_access_denied`, `tenant_not_found`, `forbidden` (suspended, deleted). At once for a home tenant that the
 * directory has at hand.
 */
export const resolveTenant = (
  sources: TenantSources,
  roles: ReadonlySet<string>,
  partnerClaim: string | null,
  directory: Pick<IdentityDirectory, 'tenant'>,
): ResolvedTenant | Promise<ResolvedTenant> => {
  const { prefix, header, claim } = sources;
  if (prefix !== undefined && header !== undefined && prefix !== header) throw ambiguous();
  const asked = prefix ?? header;
  const home = claim === null ? undefined : readTenantClaim(claim);
  const isSuper = roles.has('super_admin');

  if (asked === undefined || asked === home) {
    if (home === undefined) throw noTenant();
    const known = directory.tenant(home);
    return known instanceof Promise
      ? known.then(({ record }) => inHome(home, record, isSuper))
      : inHome(home, known.record, isSuper);
  }
  return resolveForeign(asked, home, roles, partnerClaim, directory);
};

const resolveForeign = async (
  asked: string,
  home: TenantId | undefined,
  roles: ReadonlySet<string>,
  partnerClaim: string | null,
  directory: Pick<IdentityDirectory, 'tenant'>,
): Promise<ResolvedTenant> => {
  const isSuper = roles.has('super_admin');
  const { record: homeRecord } = home === undefined ? { record: undefined } : await directory.tenant(home);
  if (!isSuper && !roles.has('partner_admin')) throw closed();
  if (home !== undefined && !isSuper) {
    if (homeRecord === undefined) throw unknownTenant();
    if (homeRecord.status !== 'ACTIVE') throw notActive(homeRecord.status);
  }
  const tenantId = parseTenantId(asked);
  const { record: target } = await directory.tenant(tenantId);
  if (target === undefined || target.status === 'DELETED') throw unknownTenant();
  if (!isSuper && target.partnerId !== (homeRecord?.partnerId ?? partnerClaim)) throw closed();
  if (target.status === 'SUSPENDED' && !isSuper) throw notActive('SUSPENDED');
  return { tenantId, partnerId: target.partnerId, homeTenantId: home ?? null };
};
