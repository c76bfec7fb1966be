import type { ObjectStore } from '@scaivault/object-store';
import type { ClaimedObject, LooseObjects } from '../ports.ts';
import type { Clock } from './clock.ts';

/** Whoever saw the version before it was erased may still be about to fetch its object; no request takes longer. */
const readableMicros = 5 * 60_000_000;
/** Longer than one deletion takes in any store: they all begin at once. */
const leaseSeconds = 60;
const mostAtOnce = 10;
const mostRounds = 100;

/**
 * Deletes the objects that no version names: those of erased versions, and those whose writer never came to name them.
 * A claim is what keeps a late writer away, whose version is refused then; so the object is deleted outside of any
 * transaction, and its row goes last. What fails is tried again once the claim has run out.
 */
export const createSweepLooseObjects = ({
  looseObjects,
  objects,
  clock,
}: {
  readonly looseObjects: Pick<LooseObjects, 'claim' | 'remove'>;
  readonly objects: Pick<ObjectStore, 'delete'>;
  readonly clock: Clock;
}) => {
  const remove = async (object: ClaimedObject): Promise<void> => {
    await objects.delete(object.scopeId, object.key);
    await looseObjects.remove(object);
  };

  return async (): Promise<void> => {
    for (let round = 0; round < mostRounds; round += 1) {
      const claimed = await looseObjects.claim(clock() - readableMicros, leaseSeconds, mostAtOnce);
      const results = await Promise.allSettled(claimed.map(remove));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      if (claimed.length < mostAtOnce) return;
    }
  };
};
