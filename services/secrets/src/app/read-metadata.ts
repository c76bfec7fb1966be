import type { Caller, Target } from '@scaivault/pipeline';
import type { DescribedSecret, SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';
import { requireLiving } from './require-living.ts';

/** Reads everything about a secret but its value (rest-api-core 4.3, `:metadata`). */
export const createReadMetadata =
  ({ store, clock }: { readonly store: Pick<SecretStore, 'describe'>; readonly clock: Clock }) =>
  async (caller: Pick<Caller, 'judge'>, target: Target): Promise<DescribedSecret> => {
    const [found] = await store.describe(target.scope, [target.path]);
    const facts = requireLiving(caller, target, found?.facts, clock());
    return { facts, versionCount: found?.versionCount ?? 0 };
  };

export type ReadMetadata = ReturnType<typeof createReadMetadata>;
