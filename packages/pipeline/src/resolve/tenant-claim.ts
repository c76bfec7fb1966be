import { isVaultError, VaultError } from '@scaivault/errors';
import { parseTenantId, type TenantId } from '@scaivault/tenancy';

export const unknownTenant = (): VaultError => new VaultError('tenant_not_found', 'There is no such tenant.');

/** The tenant that a token claims; one that no tenant can be called is a tenant that does not exist. */
export const readTenantClaim = (claim: string): TenantId => {
  try {
    return parseTenantId(claim);
  } catch (error) {
    if (isVaultError(error)) throw unknownTenant();
    throw error;
  }
};
