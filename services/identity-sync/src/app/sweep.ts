import type { Clock, OldRows, SyncRuns } from '../ports.ts';

const batch = 1000;
const dayMicros = 86_400_000_000;
/** How long an event's id is remembered (rest-api-core 11.2). */
const eventMemoryMicros = 7 * dayMicros;
/** How long a deleted identity stays (rest-api-core 11.2). */
const deletedMicros = 30 * dayMicros;
/** How long the history tells of a sync. */
const syncMemoryMicros = 90 * dayMicros;

/** Forgets old events and syncs, and drops identities deleted long ago, batch by batch. */
export const createSweep =
  ({
    rows,
    runs,
    nowMicros,
  }: {
    readonly rows: OldRows;
    readonly runs: Pick<SyncRuns, 'forget'>;
    readonly nowMicros: Clock;
  }) =>
  async (): Promise<void> => {
    const now = nowMicros();
    while ((await rows.forgetEvents(now - eventMemoryMicros, batch)) === batch);
    while ((await runs.forget(now - syncMemoryMicros, batch)) === batch);
    while ((await rows.removeDeleted(now - deletedMicros, batch)) === batch);
  };
