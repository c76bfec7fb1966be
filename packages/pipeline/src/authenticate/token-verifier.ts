import { hash } from 'node:crypto';
import { VaultError } from '@scaivault/errors';
import { errors, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { type ClaimNames, readClaims } from './claims.ts';
import type { KeySet } from './key-set.ts';
import { rememberLast } from './remember-last.ts';
import type { VerifiedToken } from './verified-token.ts';

export interface TokenVerifierOptions {
  readonly keySet: Pick<KeySet, 'getKey'>;
  /** Issuer, or a pattern with one `*` that stands for the tenant id. */
  readonly issuer: string;
  readonly audience: string;
  readonly claims: ClaimNames;
  /** Tolerated clock difference in milliseconds. */
  readonly leewayMs: number;
  readonly nowMs: () => number;
}

/** Gives the token's content at once when it was verified before, else a promise. */
export type TokenVerifier = (token: string) => VerifiedToken | Promise<VerifiedToken>;

/** rest-api-core 2.1; `none` and every HMAC are missing on purpose. */
const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const cachedTokens = 10_000;
const cachedMs = 300_000;
const longestToken = 16_384;

const invalid = (cause: unknown): VaultError => new VaultError('token_invalid', 'The token is not valid.', { cause });
const expired = (): VaultError => new VaultError('token_expired', 'The token has expired. Get a new one.');

/** True when `issuer` fits `pattern`; the part under `*` must be the tenant that the token claims. */
const issuerFits = (pattern: string, issuer: string | undefined, tenantId: string | null): boolean => {
  const star = pattern.indexOf('*');
  if (star < 0) return issuer === pattern;
  return tenantId !== null && issuer === `${pattern.slice(0, star)}${tenantId}${pattern.slice(star + 1)}`;
};

/**
 * Verifies bearer tokens (rest-api-core 2.1): signature by an allow-listed algorithm, issuer, audience, exp, nbf.
 * Verified tokens are remembered under their SHA-256 for at most five minutes. Refusals: 401 `token_expired`,
 * `token_invalid`; 503 `service_unavailable` while no key set was ever fetched.
 */
export const createTokenVerifier = (options: TokenVerifierOptions): TokenVerifier => {
  const verified = new LRUCache<string, VerifiedToken>({
    max: cachedTokens,
    ttl: cachedMs,
    perf: { now: options.nowMs },
    ttlResolution: 0,
  });

  const digestOf = rememberLast((token) => hash('sha256', token, 'base64url'));

  const verify = async (token: string, digest: string): Promise<VerifiedToken> => {
    try {
      const { payload } = await jwtVerify(token, options.keySet.getKey, {
        algorithms,
        audience: options.audience,
        clockTolerance: options.leewayMs / 1000,
        currentDate: new Date(options.nowMs()),
        requiredClaims: ['iss', 'exp', 'sub'],
      });
      const content = readClaims(payload, options.claims);
      if (!issuerFits(options.issuer, payload.iss, content.tenantId)) throw invalid(new Error('issuer'));
      verified.set(digest, content);
      return content;
    } catch (error) {
      if (error instanceof VaultError) throw error;
      if (error instanceof errors.JWTExpired) throw expired();
      throw invalid(error);
    }
  };

  return (token) => {
    if (token.length > longestToken) throw invalid(new Error('too long'));
    const digest = digestOf(token);
    const known = verified.get(digest);
    if (known === undefined) return verify(token, digest);
    if (known.expiresAtMs + options.leewayMs <= options.nowMs()) throw expired();
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
