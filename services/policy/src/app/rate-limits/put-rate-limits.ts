import { fieldError, VaultError } from '@scaivault/errors';
import { type Caller, limitNotices, type Once } from '@scaivault/pipeline';
import type { RateCategory } from '@scaivault/runtime';
import { scopeId } from '@scaivault/tenancy';
import { mostRateLimitEntries, type RateLimitEntry, type RateLimits } from '../../domain/rate-limit-entry.ts';
import type { Clock, RateLimitStore } from '../../ports.ts';
import type { PutInForce } from '../put-in-force.ts';
import type { InstanceLimitOf } from './list-rate-limits.ts';

export interface RateLimitInput {
  readonly limits: RateLimits;
  readonly expiresAtMicros: number | null;
}

/** The categories in which that would be more than the installation gives everybody. */
const raisedIn = (limits: RateLimits, instanceLimitOf: InstanceLimitOf): readonly string[] =>
  (Object.entries(limits) as [RateCategory, number][])
    .filter(([category, limit]) => instanceLimitOf(category) !== 0 && limit > instanceLimitOf(category))
    .map(([category]) => category);

const requireRoleToRaise = (caller: Caller, raised: readonly string[]): void => {
  if (raised.length === 0 || caller.roles.has('partner_admin') || caller.roles.has('super_admin')) return;
  throw new VaultError('forbidden', 'Limits above those of the installation are set by partner administrators only.', {
    details: { reason: 'partner_admin_required', categories: raised },
  });
};

const tooMany = (): VaultError =>
  new VaultError('invalid_request', `A tenant has at most ${mostRateLimitEntries} entries.`, {
    details: { reason: 'too_many' },
  });

/**
 * Sets the entry of an identity whole (rest-api-core 13.4). 403 `forbidden` for a figure above the installation's below
 * partner admin.
 */
export const createPutRateLimits =
  ({
    rateLimits,
    instanceLimitOf,
    putInForce,
    nowMicros,
  }: {
    readonly rateLimits: Pick<RateLimitStore, 'put'>;
    readonly instanceLimitOf: InstanceLimitOf;
    readonly putInForce: PutInForce;
    readonly nowMicros: Clock;
  }) =>
  async (
    caller: Caller,
    identityId: string,
    { limits, expiresAtMicros }: RateLimitInput,
    once: Once | undefined,
  ): Promise<RateLimitEntry> => {
    const updatedAtMicros = nowMicros();
    if (expiresAtMicros !== null && expiresAtMicros <= updatedAtMicros)
      throw fieldError('expires_at', 'range', 'must be in the future');
    requireRoleToRaise(caller, raisedIn(limits, instanceLimitOf));
    const entry = { identityId, limits, expiresAtMicros, updatedAtMicros, updatedBy: caller.identityId };
    const scope = scopeId(caller.scope);
    await putInForce(limitNotices(caller.tenantId), async () => {
      if (!(await rateLimits.put(scope, entry, mostRateLimitEntries, once))) throw tooMany();
    });
    return entry;
  };
