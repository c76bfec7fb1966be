import { hash } from 'node:crypto';
import { VaultError } from '@scaivault/errors';
import * as errors from 'jose/errors';
import { jwtVerify } from 'jose/jwt/verify';
import { LRUCache } from 'lru-cache';
import { atMost } from '../at-most.ts';
import { readClaims } from './claims.ts';
import { readTokenForm } from './read-token-form.ts';
import { rememberLast } from './remember-last.ts';
import { tokenExpired, tokenInvalid } from './token-refusals.ts';
import { isIssuerOf, mayBeIssuer, type TrustedIssuer, withinTenants } from './trusted-issuer.ts';
import type { VerifiedToken } from './verified-token.ts';

export interface TokenVerifierOptions {
  readonly issuers: readonly TrustedIssuer[];
  /** Tolerated clock difference in milliseconds. */
  readonly leewayMs: number;
  readonly nowMs: () => number;
}

/**
 * Gives the token's content at once when it was verified before, else a promise. `admit` is called before somebody outside
 * is asked about the token, and throws when that is not to be done.
 */
export type TokenVerifier = (token: string, admit?: () => void) => VerifiedToken | Promise<VerifiedToken>;

/** rest-api-core 2.1; `none` and every HMAC are missing on purpose. */
export const signatureAlgorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const cachedTokens = 10_000;
const cachedMs = 300_000;

/**
 * Verifies JWTs (rest-api-core 2.1): the issuer named is one of ours, signature by an allow-listed algorithm and a key of
 * that issuer, audience, exp, nbf, and a tenant that the issuer speaks for. Keys and addresses that the header brings along
 * (jwk, jku, x5c, x5u) mean nothing. Verified tokens are remembered under their SHA-256 for at most five minutes.
 * Refusals: 401 `token_expired`, `token_invalid`; 503 `service_unavailable` while no key set was ever fetched.
 */
export const createTokenVerifier = (options: TokenVerifierOptions): TokenVerifier => {
  const verified = new LRUCache<string, VerifiedToken>({
    ...atMost(cachedTokens),
    ttl: cachedMs,
    perf: { now: options.nowMs },
    ttlResolution: 0,
  });

  const digestOf = rememberLast((token) => hash('sha256', token, 'base64url'));

  const verify = async (token: string, digest: string): Promise<VerifiedToken> => {
    const named = readTokenForm(token).issuer;
    const trusted = options.issuers.find(({ issuer }) => mayBeIssuer(issuer, named));
    if (trusted === undefined) throw tokenInvalid('an issuer we do not know');
    try {
      const { payload } = await jwtVerify(token, trusted.keySet.getKey, {
        algorithms: signatureAlgorithms,
        audience: trusted.audience,
        clockTolerance: options.leewayMs / 1000,
        currentDate: new Date(options.nowMs()),
        requiredClaims: ['iss', 'exp', 'sub'],
      });
      const claimed = readClaims(payload, trusted.claims);
      if (!isIssuerOf(trusted.issuer, payload.iss, claimed.tenantId)) throw tokenInvalid('issuer of another tenant');
      const content = withinTenants(claimed, trusted.tenants);
      verified.set(digest, content);
      return content;
    } catch (error) {
      if (error instanceof VaultError) throw error;
      if (error instanceof errors.JWTExpired) throw tokenExpired();
      throw tokenInvalid(error);
    }
  };

  return (token) => {
    const digest = digestOf(token);
    const known = verified.get(digest);
    if (known === undefined) return verify(token, digest);
    if (known.expiresAtMs + options.leewayMs <= options.nowMs()) throw tokenExpired();
    return known;
  };
};

/** The token of an Authorization header; 401 `authentication_required` when there is none. */
export const bearerToken = (authorization: string | undefined): string => {
  const match = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '');
  if (match?.[1] === undefined) {
    throw new VaultError('authentication_required', 'Send a token: "Authorization: Bearer <token>".');
  }
  return match[1];
};
