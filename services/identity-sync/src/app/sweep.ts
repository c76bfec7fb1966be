import type { Clock, OldRows } from '../ports.ts';

const batch = 1000;
const dayMicros = 86_400_000_000;
/** How long an event's id is remembered (rest-api-core 11.2). */
const eventMemoryMicros = 7 * dayMicros;
/** How long a deleted identity stays (rest-api-core 11.2). */
const deletedMicros = 30 * dayMicros;

/** Forgets old events and drops identities deleted long ago, batch by batch. */
export const createSweep =
  ({ rows, nowMicros }: { readonly rows: OldRows; readonly nowMicros: Clock }) =>
  async (): Promise<void> => {
    const now = nowMicros();
    while ((await rows.forgetEvents(now - eventMemoryMicros, batch)) === batch);
    while ((await rows.removeDeleted(now - deletedMicros, batch)) === batch);
  };
