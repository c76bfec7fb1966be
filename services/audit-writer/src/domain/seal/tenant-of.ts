import type { ScopeId } from '@scaivault/tenancy';

/** The tenant whose rows lie under that key; only tenants have a trail. */
export const tenantOf = (scopeId: ScopeId): string => scopeId.slice('t:'.length);
