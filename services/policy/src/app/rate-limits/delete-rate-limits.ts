import { VaultError } from '@scaivault/errors';
import { type Caller, limitNotices } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import type { Clock, RateLimitStore } from '../../ports.ts';
import type { PutInForce } from '../put-in-force.ts';

/** Removes an entry; 404 `not_found` when there is none. */
export const createDeleteRateLimits =
  ({
    rateLimits,
    putInForce,
    nowMicros,
  }: {
    readonly rateLimits: Pick<RateLimitStore, 'remove'>;
    readonly putInForce: PutInForce;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller, identityId: string): Promise<void> => {
    const scope = scopeId(caller.scope);
    await putInForce(limitNotices(caller.tenantId), async () => {
      if (await rateLimits.remove(scope, identityId, nowMicros())) return;
      throw new VaultError('not_found', 'There is no such entry.', { details: { resource: 'rate_limit' } });
    });
  };
