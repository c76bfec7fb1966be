import type { ObjectStore } from '@scaivault/object-store';
import type { ScopeId } from '@scaivault/tenancy';
import type { Clock } from '../app/clock.ts';
import type { LooseObjects } from '../ports.ts';

/** Ciphertexts that are too large for a row. */
export interface ValueObjects {
  /** Stores one under a key that was never used before; it is removed again unless a version names it within the hour. */
  put(scopeId: ScopeId, key: string, ciphertext: Uint8Array): Promise<void>;
  /** Undefined: there is no such object. */
  get(scopeId: ScopeId, key: string): Promise<Buffer | undefined>;
}

/** Longer than any write can take. */
const adoptWithinMicros = 3_600_000_000;

/** Objects that are written down as loose before they come to be: a crash at any moment leaves none that nobody knows. */
export const createValueObjects = ({
  objects,
  looseObjects,
  clock,
}: {
  readonly objects: Pick<ObjectStore, 'put' | 'get'>;
  readonly looseObjects: Pick<LooseObjects, 'add'>;
  readonly clock: Clock;
}): ValueObjects => ({
  async put(scopeId, key, ciphertext) {
    await looseObjects.add(scopeId, key, clock() + adoptWithinMicros);
    await objects.put(scopeId, key, ciphertext);
  },
  get: objects.get,
});
