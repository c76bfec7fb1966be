import type { Caller, Target } from '@scaivault/pipeline';
import { presenceOf } from '../domain/recovery.ts';
import { livingSecretExists, secretNotFound } from '../domain/refusals.ts';
import type { SecretFacts } from '../domain/secret.ts';
import type { SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';

export interface RestoreResult {
  readonly facts: SecretFacts;
  readonly versionCount: number;
}

/** Brings a softly deleted secret back as it was (rest-api-core 4.3). */
export const createRestoreSecret =
  ({ store, clock }: { readonly store: Pick<SecretStore, 'hold'>; readonly clock: Clock }) =>
  async (_caller: Caller, { scope, path }: Target): Promise<RestoreResult> =>
    await store.hold(scope, path, async (held) => {
      const presence = held === undefined ? 'gone' : presenceOf(held.facts.deletedAtMicros, clock());
      if (held === undefined || presence === 'gone') throw secretNotFound(path);
      if (presence === 'living') throw livingSecretExists(path);
      await held.unmarkDeleted();
      return { facts: { ...held.facts, deletedAtMicros: null }, versionCount: await held.countVersions() };
    });

export type RestoreSecret = ReturnType<typeof createRestoreSecret>;
