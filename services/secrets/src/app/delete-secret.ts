import type { Caller, Target } from '@scaivault/pipeline';
import { readPrecondition, requirePrecondition } from '../domain/precondition.ts';
import { presenceOf, recoverableUntil } from '../domain/recovery.ts';
import { secretNotFound } from '../domain/refusals.ts';
import { secretDeleted } from '../domain/secret-events.ts';
import type { SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';
import { originOf } from './origin-of.ts';
import { requireLiving } from './require-living.ts';

export interface DeleteRequest {
  readonly permanent: boolean;
  readonly ifMatch: string | undefined;
}

export interface DeleteResult {
  readonly versionCount: number;
  readonly deletedAtMicros: number;
  /** Undefined when nothing is left to recover. */
  readonly recoverableUntilMicros: number | undefined;
}

/** Deletes a secret softly, or for good, which also purges a softly deleted one (rest-api-core 4.3). */
export const createDeleteSecret =
  ({ store, clock }: { readonly store: Pick<SecretStore, 'hold'>; readonly clock: Clock }) =>
  async (
    caller: Pick<Caller, 'judge' | 'identityId' | 'request'>,
    target: Target,
    request: DeleteRequest,
  ): Promise<DeleteResult> => {
    const { scope, path } = target;
    const precondition = readPrecondition({ ifMatch: request.ifMatch });
    return await store.hold(scope, path, async (held) => {
      const now = clock();
      if (held === undefined || presenceOf(held.facts.deletedAtMicros, now) === 'gone') throw secretNotFound(path);
      if (!request.permanent) requireLiving(caller, target, held.facts, now);
      requirePrecondition(precondition, path, held.facts.currentVersion);
      const versionCount = (await held.keptVersions()).length;
      if (request.permanent) await held.erase(now);
      else await held.markDeleted(now);
      const recoverableUntilMicros = request.permanent ? undefined : recoverableUntil(now);
      held.tell([secretDeleted(originOf(caller, now), held.facts, versionCount, recoverableUntilMicros)]);
      return { versionCount, deletedAtMicros: now, recoverableUntilMicros };
    });
  };

export type DeleteSecret = ReturnType<typeof createDeleteSecret>;
