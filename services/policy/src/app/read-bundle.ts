import { type PartnerId, partnerScope, scopeId, type TenantId, tenantScope } from '@scaivault/tenancy';
import type { BundledPolicy, BundleStore, Clock } from '../ports.ts';

/** All policies that can concern callers in a tenant: its own and those of its partner, each under its own scope. */
export type ReadBundle = (tenantId: TenantId, partnerId: PartnerId) => Promise<readonly BundledPolicy[]>;

export const createReadBundle =
  ({ bundles, nowMicros }: { readonly bundles: BundleStore; readonly nowMicros: Clock }): ReadBundle =>
  async (tenantId, partnerId) => {
    const now = nowMicros();
    const scopes = [tenantScope(tenantId, partnerId), partnerScope(partnerId)];
    return (await Promise.all(scopes.map((scope) => bundles.read(scopeId(scope), now)))).flat();
  };
