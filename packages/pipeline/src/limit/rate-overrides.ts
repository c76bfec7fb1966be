import type { RateCategory } from '@scaivault/runtime';
import type { ScopeId, TenantId } from '@scaivault/tenancy';

/** Figures in place of the installation's, in units a minute. */
export interface RateOverride {
  readonly limits: Readonly<Record<string, number>>;
  /** Unix milliseconds; null: for ever. */
  readonly expiresAtMs: number | null;
}

/** The overrides of a tenant by identity string; `*` is for all of its identities. */
export type RateOverrides = ReadonlyMap<string, RateOverride>;

export interface RateOverrideSource {
  rateOverrides(tenantId: TenantId): RateOverrides | Promise<RateOverrides>;
}

/** How scopes of notices about rate limits begin. */
export const limitNoticesBegin = 'l:';

/** Scope of notices about the rate limits of a tenant, which are news to others than its policies are. */
export const limitNotices = (tenantId: TenantId): ScopeId => `${limitNoticesBegin}${tenantId}` as ScopeId;

export const noOverrides: RateOverrides = new Map();

/** The identity's own figure, else the tenant's; undefined when neither has one for the category (rest-api-core 13.2). */
export const overrideFor = (
  overrides: RateOverrides,
  identityId: string,
  category: RateCategory,
  nowMs: number,
): number | undefined => {
  if (overrides.size === 0) return undefined;
  for (const name of [identityId, '*']) {
    const found = overrides.get(name);
    if (found === undefined || (found.expiresAtMs !== null && found.expiresAtMs <= nowMs)) continue;
    const limit = found.limits[category];
    if (limit !== undefined) return limit;
  }
  return undefined;
};
