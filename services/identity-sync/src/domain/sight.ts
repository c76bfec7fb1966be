import type { PartnerId, ScopeId, TenantId } from '@scaivault/tenancy';

/** How much of the directory: what a caller sees (rest-api-core 11.1), and what a sync is about. */
export type Sight =
  | { readonly kind: 'everything' }
  | { readonly kind: 'partner'; readonly partnerId: PartnerId }
  | { readonly kind: 'tenant'; readonly tenantId: TenantId; readonly partnerId: PartnerId };

/** True for what lies in that tenant of that partner. */
export const sees = (sight: Sight, place: { readonly tenantId: TenantId; readonly partnerId: PartnerId }): boolean => {
  if (sight.kind === 'everything') return true;
  return sight.kind === 'partner' ? sight.partnerId === place.partnerId : sight.tenantId === place.tenantId;
};

/** Scope of the whole platform: shows which partners and tenants there are, and nobody in them. */
export const platformScope = '*' as ScopeId;

/** The stored key of a sight. */
export const sightScope = (sight: Sight): ScopeId => {
  if (sight.kind === 'everything') return platformScope;
  return (sight.kind === 'partner' ? `p:${sight.partnerId}` : `t:${sight.tenantId}`) as ScopeId;
};
