import { isVaultError, VaultError } from '@scaivault/errors';
import type { TokenVerifier, VerifiedToken } from '@scaivault/pipeline';
import { subjectEndMs } from '../domain/subject-end.ts';
import {
  type ExchangeAtScaiKey,
  type ExchangeRequest,
  isNarrowed,
  type MintedToken,
} from '../domain/token-exchange.ts';

/** What a client asks for; the audience is ours unless it names one. */
export type ExchangeWish = Omit<ExchangeRequest, 'audience'> & { readonly audience: string | undefined };

export interface ExchangedToken {
  readonly minted: MintedToken;
  readonly content: VerifiedToken;
  /** Given where the new token has fewer scopes than were asked for. */
  readonly narrowerScope: string | undefined;
}

const otherAudience = (): VaultError =>
  new VaultError('invalid_request', 'Tokens for another audience are not to be had here.', {
    details: { reason: 'audience' },
  });
const subjectExpired = (): VaultError => new VaultError('token_expired', 'The subject token has expired.');
const unusable = (cause: unknown): VaultError =>
  new VaultError('service_unavailable', 'The identity provider minted a token that cannot be used.', { cause });

const narrowerScope = (asked: string | undefined, granted: ReadonlySet<string>): string | undefined => {
  const missing = asked?.split(' ').some((word) => word !== '' && !granted.has(word)) === true;
  return missing ? [...granted].sort().join(' ') : undefined;
};

/**
 * Exchanges the token of another issuer for one of a service account (rest-api-core 2.2, RFC 8693). ScaiKey decides and
 * mints; what it gives is verified like any token and must be as narrow as asked before anybody gets it. Refusals: 400
 * `invalid_request`, 401 `token_invalid`, `token_expired`, 403 `forbidden` (`no_trust`), 503 `service_unavailable`.
 */
export const createExchangeToken = ({
  exchange,
  verify,
  audience,
  leewayMs,
  nowMs,
}: {
  readonly exchange: ExchangeAtScaiKey;
  readonly verify: TokenVerifier;
  readonly audience: string;
  /** Tolerated clock difference in milliseconds. */
  readonly leewayMs: number;
  readonly nowMs: () => number;
}) => {
  const verified = async ({ accessToken }: MintedToken): Promise<VerifiedToken> => {
    try {
      return await verify(accessToken);
    } catch (error) {
      throw isVaultError(error, 'service_unavailable') ? error : unusable(error);
    }
  };
  return async (wish: ExchangeWish): Promise<ExchangedToken> => {
    if (wish.audience !== undefined && wish.audience !== audience) throw otherAudience();
    const endMs = subjectEndMs(wish.subjectToken);
    if (endMs !== undefined && endMs + leewayMs <= nowMs()) throw subjectExpired();
    const minted = await exchange({ ...wish, audience });
    const content = await verified(minted);
    const globs = content.allowedPaths?.map(({ pattern }) => pattern) ?? null;
    if (!isNarrowed(wish.allowedPaths, globs)) throw unusable(new Error('wider paths than asked'));
    return { minted, content, narrowerScope: narrowerScope(wish.scope, content.scopes) };
  };
};

export type ExchangeToken = ReturnType<typeof createExchangeToken>;
