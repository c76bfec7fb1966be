import { isVaultError } from '@scaivault/errors';
import { readClaims } from './claims.ts';
import { tokenExpired } from './token-refusals.ts';
import { isIssuerOf, type TrustedIssuer, withinTenants } from './trusted-issuer.ts';
import type { VerifiedToken } from './verified-token.ts';

export type IntrospectingIssuer = Pick<TrustedIssuer, 'issuer' | 'audience' | 'claims' | 'tenants'>;

const isFor = (audience: unknown, ours: string): boolean =>
  audience === undefined || audience === ours || (Array.isArray(audience) && audience.includes(ours));

/** Issuer and audience are optional in a reply; where they stand, they must be ours. */
const isFromAndFor = (reply: object, content: VerifiedToken, trusted: IntrospectingIssuer): boolean => {
  const { iss, aud }: { iss?: unknown; aud?: unknown } = reply;
  if (!isFor(aud, trusted.audience)) return false;
  if (iss === undefined) return content.tenantId !== null || !trusted.issuer.includes('*');
  return typeof iss === 'string' && isIssuerOf(trusted.issuer, iss, content.tenantId);
};

/**
 * Reads the reply of an introspection endpoint (RFC 7662 section 2.2) with the distrust that a token gets: undefined for an
 * inactive token and for one that says what it must not. Throws 401 `token_expired`, and an Error for what is no reply.
 */
export const readIntrospection = (
  reply: unknown,
  trusted: IntrospectingIssuer,
  times: { readonly nowMs: number; readonly leewayMs: number },
): VerifiedToken | undefined => {
  if (typeof reply !== 'object' || reply === null || !('active' in reply) || typeof reply.active !== 'boolean')
    throw new Error('The introspection endpoint gave no reply of RFC 7662.');
  if (!reply.active) return undefined;
  let content: VerifiedToken;
  try {
    const claimed = readClaims({ ...reply }, trusted.claims);
    if (!isFromAndFor(reply, claimed, trusted)) return undefined;
    content = withinTenants(claimed, trusted.tenants);
  } catch (error) {
    if (isVaultError(error, 'token_invalid')) return undefined;
    throw error;
  }
  if (content.expiresAtMs + times.leewayMs <= times.nowMs) throw tokenExpired();
  if (content.notBeforeMs !== null && content.notBeforeMs - times.leewayMs > times.nowMs) return undefined;
  return content;
};
