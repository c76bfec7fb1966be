import type { Caller, Once, Target } from '@scaivault/pipeline';
import { presenceOf } from '../domain/recovery.ts';
import { livingSecretExists, secretNotFound } from '../domain/refusals.ts';
import { secretRestored } from '../domain/secret-events.ts';
import type { DescribedSecret, SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';
import { originOf } from './origin-of.ts';

/** Brings a softly deleted secret back as it was (rest-api-core 4.3). */
export const createRestoreSecret =
  ({ store, clock }: { readonly store: Pick<SecretStore, 'hold'>; readonly clock: Clock }) =>
  async (
    caller: Pick<Caller, 'identityId' | 'request'>,
    { scope, path }: Target,
    once?: Once,
  ): Promise<DescribedSecret> =>
    await store.hold(
      scope,
      path,
      async (held) => {
        const now = clock();
        const presence = held === undefined ? 'gone' : presenceOf(held.facts.deletedAtMicros, now);
        if (held === undefined || presence === 'gone') throw secretNotFound(path);
        if (presence === 'living') throw livingSecretExists(path);
        await held.unmarkDeleted(now);
        const facts = { ...held.facts, deletedAtMicros: null };
        held.tell([secretRestored(originOf(caller, now), facts)]);
        return { facts, versionCount: (await held.keptVersions()).length };
      },
      once,
    );

export type RestoreSecret = ReturnType<typeof createRestoreSecret>;
