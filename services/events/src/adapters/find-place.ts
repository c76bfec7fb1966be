import type { IdentityDirectory } from '@scaivault/pipeline';
import { parseTenantId } from '@scaivault/tenancy';
import type { FindPlace } from '../ports.ts';

/** Asks the mirror of ScaiKey, as this process knows it. */
export const createFindPlace =
  (directory: Pick<IdentityDirectory, 'tenant'>): FindPlace =>
  async (scopeId) => {
    const tenantId = parseTenantId(scopeId.slice(2));
    const { record } = await directory.tenant(tenantId);
    return record === undefined || record.status === 'DELETED' ? undefined : { tenantId, partnerId: record.partnerId };
  };
