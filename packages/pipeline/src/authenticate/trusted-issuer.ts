import type { ClaimNames } from './claims.ts';
import type { KeySet } from './key-set.ts';
import { tokenInvalid } from './token-refusals.ts';
import type { VerifiedToken } from './verified-token.ts';

/** Which tenants an issuer may speak for: those named, or all but those, which are another's (ADR 0017). */
export interface TenantBinding {
  readonly kind: 'only' | 'all_but';
  readonly tenantIds: ReadonlySet<string>;
}

/** Somebody whose tokens we take. */
export interface TrustedIssuer {
  /** Issuer as tokens name it, or a pattern with one `*` that stands for the tenant id. */
  readonly issuer: string;
  readonly audience: string;
  readonly claims: ClaimNames;
  readonly keySet: Pick<KeySet, 'getKey'>;
  readonly tenants: TenantBinding;
}

/** Speaks for every tenant. */
export const everyTenant: TenantBinding = { kind: 'all_but', tenantIds: new Set() };

/** True when the pattern could stand for that issuer, whatever tenant the token claims. */
export const mayBeIssuer = (pattern: string, issuer: string): boolean => {
  const star = pattern.indexOf('*');
  if (star < 0) return issuer === pattern;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return issuer.length > before.length + after.length && issuer.startsWith(before) && issuer.endsWith(after);
};

/** Roles that reach beyond one tenant; only who speaks for all tenants may hand them out. */
const reachesBeyondItsTenant = (role: string): boolean => role === 'partner_admin' || role === 'super_admin';

const named = (content: VerifiedToken, tenantIds: ReadonlySet<string>): VerifiedToken => {
  const [sole] = tenantIds.size === 1 ? tenantIds : [];
  const tenantId = content.tenantId ?? sole ?? null;
  if (tenantId === null || !tenantIds.has(tenantId)) throw tokenInvalid('a tenant that its issuer does not speak for');
  return { ...content, tenantId, roles: content.roles.filter((role) => !reachesBeyondItsTenant(role)) };
};

/** True when `issuer` is the one of the pattern; the part under the `*` must be the tenant that the token claims. */
export const isIssuerOf = (pattern: string, issuer: string | undefined, tenantId: string | null): boolean => {
  const star = pattern.indexOf('*');
  if (star < 0) return issuer === pattern;
  return tenantId !== null && issuer === `${pattern.slice(0, star)}${tenantId}${pattern.slice(star + 1)}`;
};

/**
 * What the token says, as far as its issuer may say it. An issuer of one tenant need not name it; one of named tenants
 * hands out no role that reaches beyond them. Throws 401 `token_invalid`.
 */
export const withinTenants = (content: VerifiedToken, tenants: TenantBinding): VerifiedToken => {
  if (tenants.kind === 'only') return named(content, tenants.tenantIds);
  if (content.tenantId !== null && tenants.tenantIds.has(content.tenantId))
    throw tokenInvalid('a tenant that another issuer speaks for');
  return content;
};
