import { VaultError } from '@scaivault/errors';
import type { CallContext } from '@scaivault/runtime';
import { rememberLast } from './authenticate/remember-last.ts';
import { bearerToken, type TokenVerifier } from './authenticate/token-verifier.ts';
import type { VerifiedToken } from './authenticate/verified-token.ts';
import type { RateLimiter, ReservedUnits } from './limit/rate-limiter.ts';
import { metadataNames } from './metadata.ts';

/** Who asks, before anything else is looked at: the first line of every service and of the gateway. */
export type Authenticate = (
  authorization: string | undefined,
  sourceIp: string | undefined,
) => VerifiedToken | Promise<VerifiedToken>;

/**
 * Checks the bearer token. Failures are counted per source address; beyond the limit they are answered 429, so that
 * guessing tells nothing any more (rest-api-core 13.1, auth:failures). Where ScaiKey has to be asked about a token, a unit
 * is held from before the question until after the answer: an address asks no more questions than it may fail.
 */
export const createAuthenticate = ({
  verify,
  limiter,
  onFailure,
}: {
  readonly verify: TokenVerifier;
  readonly limiter: Pick<RateLimiter, 'takeSilently' | 'reserve'>;
  readonly onFailure: (error: VaultError) => void;
}): Authenticate => {
  const fail = (error: unknown, sourceIp: string | undefined): never => {
    if (error instanceof VaultError && error.httpStatus === 401) {
      onFailure(error);
      limiter.takeSilently('auth:failures', sourceIp ?? 'unknown');
    }
    throw error;
  };
  const tokenOf = rememberLast(bearerToken);
  return (authorization, sourceIp) => {
    let held: ReservedUnits | undefined;
    const admit = (): void => {
      held = limiter.reserve('auth:failures', sourceIp ?? 'unknown', 1);
    };
    try {
      const content = verify(tokenOf(authorization ?? ''), admit);
      if (!(content instanceof Promise)) return content;
      return content.finally(() => held?.giveBack(1)).catch((error: unknown) => fail(error, sourceIp));
    } catch (error) {
      held?.giveBack(1);
      return fail(error, sourceIp);
    }
  };
};

/** The Authorization value of a call. */
export const authorizationOf = (call: CallContext): string | undefined =>
  call.metadata.get(metadataNames.authorization);
