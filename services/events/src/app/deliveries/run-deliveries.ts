import type { DeliveryStore } from '../../ports/deliveries.ts';
import type { Deliver } from './deliver.ts';

/** Attempts that one process makes at once: to endpoints that keep up, and to the others together. */
const places = { quick: 256, other: 128 } as const;

export interface RunDeliveries {
  /** Begins as many attempts as are due and have a place. */
  pass(): Promise<{ readonly isMore: boolean; readonly nextDueMs: number | undefined }>;
  /** Resolves when those under way have ended. */
  idle(): Promise<void>;
}

/**
 * Attempts of all tenants, each on its own as soon as it is begun: nobody waits for a receiver but those who share its
 * endpoint's eight, and those who are as slow as it is.
 */
export const createRunDeliveries = ({
  deliveries,
  deliver,
  nowMs,
  onRoom,
  onFailure,
}: {
  readonly deliveries: Pick<DeliveryStore, 'claim' | 'nextDueInMs'>;
  readonly deliver: Deliver;
  readonly nowMs: () => number;
  /** An attempt has ended: others may have waited for it. */
  readonly onRoom: () => void;
  readonly onFailure: (error: unknown) => void;
}): RunDeliveries => {
  const running = { quick: new Set<Promise<void>>(), other: new Set<Promise<void>>() };

  /** How many more were begun. */
  const fill = async (lane: keyof typeof places): Promise<number> => {
    const free = places[lane] - running[lane].size;
    const claims = free > 0 ? await deliveries.claim(lane === 'quick', free) : [];
    for (const claim of claims) {
      const attempt: Promise<void> = deliver(claim)
        // Its claim runs out, and it is due again.
        .catch(onFailure)
        .finally(() => {
          running[lane].delete(attempt);
          onRoom();
        });
      running[lane].add(attempt);
    }
    return claims.length;
  };

  return {
    pass: async () => {
      // Asked first: what becomes due between the two questions is claimed, and not left to the next sweep.
      const inMs = await deliveries.nextDueInMs();
      const begun = (await fill('quick')) + (await fill('other'));
      return { isMore: begun > 0, nextDueMs: inMs === undefined ? undefined : nowMs() + inMs };
    },
    idle: async () => {
      await Promise.all([...running.quick, ...running.other]);
    },
  };
};
