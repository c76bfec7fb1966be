import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import type { SecretCipher, SecretStore } from '../ports.ts';
import type { AccessRecorder } from './access-recorder.ts';
import { type BatchOutcome, type ItemRoad, lookedUpOnce, settleItems } from './batch-items.ts';
import type { Clock } from './clock.ts';
import { createOpenWithin } from './open-within.ts';
import { type ReadableVersion, requireReadable } from './readable-version.ts';
import type { TellAccess } from './tell-access.ts';

export interface BatchReadRequest {
  readonly paths: readonly string[];
  readonly version: number | undefined;
  readonly failFast: boolean;
}

export interface BatchValue extends ReadableVersion {
  readonly data: Uint8Array;
}

/** Units of `secrets:read` set aside before anything is read. */
export type ReserveUnits = (units: number) => { giveBack(units: number): void };

/** What one answer may hold of values; every wire carries that much (packages/runtime, maxMessageBytes). */
const mostBytes = 16 * 1024 * 1024;

/** The first failure as the answer of the whole call (rest-api-core 4.3, `fail_fast`). */
const throwFirst = (outcome: BatchOutcome<object>): void => {
  for (const [path, result] of outcome) {
    if (!(result instanceof VaultError)) continue;
    const { code, message, details, cause, retryAfterSeconds } = result;
    throw new VaultError(code, message, {
      details: { ...details, path },
      cause,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
  }
};

/**
 * Reads up to 100 secrets in one statement, each judged and audited by itself (rest-api-core 4.3). Costs a unit for each
 * that is returned; too few units refuse the call before anything is read.
 */
export const createBatchRead =
  ({
    store,
    cipher,
    recorder,
    tellAccess,
    clock,
  }: {
    readonly store: Pick<SecretStore, 'readAll'>;
    readonly cipher: Pick<SecretCipher, 'open'>;
    readonly recorder: Pick<AccessRecorder, 'note'>;
    readonly tellAccess: TellAccess;
    readonly clock: Clock;
  }) =>
  async (
    caller: Pick<Caller, 'judge' | 'identityId' | 'identityType' | 'request'>,
    { paths, version, failFast }: BatchReadRequest,
    reserve: ReserveUnits,
    road: ItemRoad,
  ): Promise<BatchOutcome<BatchValue>> => {
    const { size } = new Set(paths);
    const units = reserve(size);
    const { open } = createOpenWithin(cipher, mostBytes);
    let returned = 0;
    try {
      const outcome = await settleItems(paths, road, (items) => {
        const stored = lookedUpOnce(items, (scope, permitted) => store.readAll(scope, permitted, version));
        return async (item): Promise<BatchValue> => {
          const found = requireReadable(caller, item, await stored(item), version, clock());
          const data = await open(item.scope, item.path, found.value.version, found.value.sealed);
          await tellAccess(caller, item, found, true);
          recorder.note(item.scope, item.path);
          return { ...found, data };
        };
      });
      if (failFast) throwFirst(outcome);
      for (const result of outcome.values()) if (!(result instanceof VaultError)) returned += 1;
      return outcome;
    } finally {
      units.giveBack(size - returned);
    }
  };

export type BatchRead = ReturnType<typeof createBatchRead>;
