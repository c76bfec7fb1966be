import { fieldError } from '@scaivault/errors';
import type { Caller, Once, Target } from '@scaivault/pipeline';
import { versionNotFound } from '../domain/refusals.ts';
import { versionsDestroyed } from '../domain/secret-events.ts';
import type { SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';
import { originOf } from './origin-of.ts';
import { requireLiving } from './require-living.ts';

export interface DestroyResult {
  readonly destroyed: readonly number[];
  /** Versions whose value exists, newest first. */
  readonly remaining: readonly number[];
}

/** Erases the values of old versions for good, all or none (rest-api-core 4.3, `:destroy`). */
export const createDestroyVersions =
  ({ store, clock }: { readonly store: Pick<SecretStore, 'hold'>; readonly clock: Clock }) =>
  async (
    caller: Pick<Caller, 'judge' | 'identityId' | 'request'>,
    target: Target,
    versions: readonly number[],
    once?: Once,
  ): Promise<DestroyResult> =>
    await store.hold(
      target.scope,
      target.path,
      async (held) => {
        const now = clock();
        const facts = requireLiving(caller, target, held?.facts, now);
        if (held === undefined) throw new Error('A living secret is not held.');
        const { currentVersion } = facts;
        if (versions.includes(currentVersion)) {
          throw fieldError('versions', 'conflict', 'must not hold the current version; delete the secret instead');
        }
        const kept = await held.keptVersions();
        for (const version of versions) if (!kept.includes(version)) throw versionNotFound(target.path, version);
        await held.destroy(versions, now);
        const destroyed = versions.toSorted((a, b) => b - a);
        held.tell([versionsDestroyed(originOf(caller, now), facts, destroyed)]);
        return {
          destroyed,
          remaining: kept.filter((version) => !versions.includes(version)),
        };
      },
      once,
    );

export type DestroyVersions = ReturnType<typeof createDestroyVersions>;
