import { hash } from 'node:crypto';
import { isVaultError, VaultError } from '@scaivault/errors';
import { LRUCache } from 'lru-cache';
import { atMost } from '../at-most.ts';
import { type IntrospectingIssuer, readIntrospection } from './read-introspection.ts';
import { tokenExpired, tokenInvalid } from './token-refusals.ts';
import type { TokenVerifier } from './token-verifier.ts';
import type { VerifiedToken } from './verified-token.ts';

export interface PersonalTokenVerifierOptions {
  /** Asks the issuer (RFC 7662) and gives its JSON as it came; rejects when none came in time. */
  readonly introspect: (token: string) => Promise<unknown>;
  readonly trusted: IntrospectingIssuer;
  /** How long a good answer may be used, in milliseconds; 0: never. */
  readonly cacheMs: number;
  /** Tolerated clock difference in milliseconds. */
  readonly leewayMs: number;
  readonly nowMs: () => number;
  readonly onFailure: (error: unknown) => void;
}

/** Begins every personal access token of ScaiKey. */
export const personalTokenPrefix = 'skt_';

const personalForm = /^skt_[\x21-\x7e]{1,1024}$/;
const cachedTokens = 10_000;
/** Apart from the good ones, so that guessing does not push those out. */
const cachedUnknown = 10_000;
const unknownMs = 5_000;
/** Questions on their way at once; who comes beyond is told to come again. */
const mostUnderWay = 64;

const unavailable = (cause: unknown): VaultError =>
  new VaultError('service_unavailable', 'The identity provider cannot be asked about this token now. Try again.', {
    cause,
    retryAfterSeconds: 2,
  });

/**
 * Verifies personal access tokens by introspection at ScaiKey (rest-api-core 2.1). Answers are remembered under the
 * token's SHA-256: good ones for `cacheMs` at most, others for 5 s. Those who bring one token at once share the question.
 * Refusals: 401 `token_invalid`, `token_expired`; 503 `service_unavailable` while ScaiKey is away.
 */
export const createPersonalTokenVerifier = (options: PersonalTokenVerifierOptions): TokenVerifier => {
  const { cacheMs, leewayMs, nowMs } = options;
  const perf = { now: nowMs };
  const good = new LRUCache<string, VerifiedToken>({ ...atMost(cachedTokens), perf, ttlResolution: 0 });
  const unknown = new LRUCache<string, true>({ ...atMost(cachedUnknown), ttl: unknownMs, perf, ttlResolution: 0 });
  const underWay = new Map<string, Promise<VerifiedToken>>();

  const ask = async (token: string, digest: string): Promise<VerifiedToken> => {
    let content: VerifiedToken | undefined;
    try {
      content = readIntrospection(await options.introspect(token), options.trusted, { nowMs: nowMs(), leewayMs });
    } catch (error) {
      if (isVaultError(error, 'token_expired')) throw error;
      options.onFailure(error);
      throw unavailable(error);
    }
    if (content === undefined) {
      unknown.set(digest, true);
      throw tokenInvalid('not active');
    }
    if (cacheMs > 0) good.set(digest, content, { ttl: cacheMs });
    return content;
  };

  return (token, admit) => {
    if (!personalForm.test(token)) throw tokenInvalid('no form of a personal token');
    const digest = hash('sha256', token, 'base64url');
    const known = good.get(digest);
    if (known !== undefined) {
      if (known.expiresAtMs + leewayMs <= nowMs()) throw tokenExpired();
      return known;
    }
    if (unknown.has(digest)) throw tokenInvalid('not active');
    const asked = underWay.get(digest);
    if (asked !== undefined) return asked;
    admit?.();
    if (underWay.size >= mostUnderWay) throw unavailable('too many questions under way');
    const answer = ask(token, digest).finally(() => underWay.delete(digest));
    underWay.set(digest, answer);
    return answer;
  };
};
