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

/**
 * The tenant a call acts in, by the table of rest-api-core 3.1. Refusals: `invalid_request` (contradiction, none named),
 * `tenant_access_denied`, `tenant_not_found`, `forbidden` (suspended, deleted).
 */
export const resolveTenant = async (
  sources: TenantSources,
  roles: ReadonlySet<string>,
  partnerClaim: string | null,
  directory: Pick<IdentityDirectory, 'tenant'>,
): Promise<ResolvedTenant> => {
  const { prefix, header, claim } = sources;
  if (prefix !== undefined && header !== undefined && prefix !== header) throw ambiguous();
  const asked = prefix ?? header;
  const home = claim === null ? undefined : readTenantClaim(claim);
  const isSuper = roles.has('super_admin');
  const record = async (tenantId: TenantId): Promise<TenantRecord | undefined> =>
    (await directory.tenant(tenantId)).record;
  const homeRecord = home === undefined ? undefined : await record(home);

  if (asked === undefined || asked === home) {
    if (home === undefined) throw noTenant();
    if (homeRecord === undefined) throw unknownTenant();
    if (homeRecord.status === 'DELETED' || (homeRecord.status === 'SUSPENDED' && !isSuper))
      throw notActive(homeRecord.status);
    return { tenantId: home, partnerId: homeRecord.partnerId, homeTenantId: null };
  }

  if (!isSuper && !roles.has('partner_admin')) throw closed();
  if (home !== undefined && !isSuper) {
    if (homeRecord === undefined) throw unknownTenant();
    if (homeRecord.status !== 'ACTIVE') throw notActive(homeRecord.status);
  }
  const tenantId = parseTenantId(asked);
  const target = await record(tenantId);
  if (target === undefined || target.status === 'DELETED') throw unknownTenant();
  if (!isSuper && target.partnerId !== (homeRecord?.partnerId ?? partnerClaim)) throw closed();
  if (target.status === 'SUSPENDED' && !isSuper) throw notActive('SUSPENDED');
  return { tenantId, partnerId: target.partnerId, homeTenantId: home ?? null };
};
