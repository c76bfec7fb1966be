import { fieldError } from '@scaivault/errors';
import type { Caller, Once, Target } from '@scaivault/pipeline';
import { versionNotFound } from '../domain/refusals.ts';
import type { SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';
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
    caller: Pick<Caller, 'judge'>,
    target: Target,
    versions: readonly number[],
    once?: Once,
  ): Promise<DestroyResult> =>
    await store.hold(
      target.scope,
      target.path,
      async (held) => {
        const now = clock();
        const { currentVersion } = requireLiving(caller, target, held?.facts, now);
        if (versions.includes(currentVersion)) {
          throw fieldError('versions', 'conflict', 'must not hold the current version; delete the secret instead');
        }
        const kept = (await held?.keptVersions()) ?? [];
        for (const version of versions) if (!kept.includes(version)) throw versionNotFound(target.path, version);
        await held?.destroy(versions, now);
        return {
          destroyed: versions.toSorted((a, b) => b - a),
          remaining: kept.filter((version) => !versions.includes(version)),
        };
      },
      once,
    );

export type DestroyVersions = ReturnType<typeof createDestroyVersions>;
