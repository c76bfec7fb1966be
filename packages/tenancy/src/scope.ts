import type { Brand } from './brand.ts';
import type { PartnerId, TenantId } from './tenant-id.ts';

/** Whose rows a call works on: a tenant's own (with the partner it belongs to) or a partner's shared ones. */
export type Scope =
  | { readonly kind: 'tenant'; readonly tenantId: TenantId; readonly partnerId: PartnerId }
  | { readonly kind: 'partner'; readonly partnerId: PartnerId };

/** The leading column of every primary key: `t:<tenant id>` or `p:<partner id>`. */
export type ScopeId = Brand<'ScopeId'>;

/** The scope of a tenant's own objects (rest-api-core 3.1). */
export const tenantScope = (tenantId: TenantId, partnerId: PartnerId): Scope => ({
  kind: 'tenant',
  tenantId,
  partnerId,
});

/** The scope of the objects that all tenants of a partner share (rest-api-core 3.2). */
export const partnerScope = (partnerId: PartnerId): Scope => ({ kind: 'partner', partnerId });

/** Whether this is the key of what all tenants of a partner share. */
export const isPartnerScopeId = (id: ScopeId): boolean => id.startsWith('p:');

/** The stored key of a scope; the letter in front keeps a tenant and a partner of the same name apart. */
export const scopeId = (
  scope: { readonly kind: 'tenant'; readonly tenantId: TenantId } | Extract<Scope, { kind: 'partner' }>,
): ScopeId => (scope.kind === 'tenant' ? `t:${scope.tenantId}` : `p:${scope.partnerId}`) as ScopeId;

/** The tenant whose scope that is; undefined for a partner's. */
export const tenantOfScope = (scope: ScopeId): TenantId | undefined =>
  scope.startsWith('t:') ? (scope.slice('t:'.length) as TenantId) : undefined;
