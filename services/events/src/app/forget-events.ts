import type { EventStore } from '../ports.ts';

/** As long as deliveries are shown (rest-api-core 9); subscriptions have let go of an event long before. */
const keptMicros = 30 * 86_400_000_000;
const batch = 1000;
/** Bounds one sweep; the next one goes on. */
const batches = 100;

/** Removes events that nobody can ask for any more. */
export const createForgetEvents =
  ({ events, clock }: { readonly events: Pick<EventStore, 'forget'>; readonly clock: () => number }) =>
  async (): Promise<void> => {
    const before = clock() - keptMicros;
    for (let round = 0; round < batches; round += 1) {
      if ((await events.forget(before, batch)) < batch) return;
    }
  };
