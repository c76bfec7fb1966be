import { isVaultError, toVaultError } from '@scaivault/errors';
import { LostRun } from '../domain/lost-run.ts';
import { type SyncProgress, withTrouble } from '../domain/sync-progress.ts';
import type { Clock, HeldRun, SyncRuns } from '../ports.ts';
import { type RunSync, SyncPaused } from './run-sync.ts';

/** After a run that failed the next one of the schedule comes sooner. */
const longestRetryMicros = 60_000_000;

/** What a run that broke off says of it; the cause is in the log. */
const troubleOf = (error: unknown): string =>
  isVaultError(error, 'service_unavailable') ? 'scaikey_unavailable' : toVaultError(error).code;

/**
 * One round of background work, as `system:identity-sync`: begins the sync that is due, and carries out whatever run
 * nobody living holds. Any number of processes may do so; each run has one of them.
 */
export const createWorkThroughSyncs = ({
  runs,
  runSync,
  everyMicros,
  count,
  onFailure,
  nowMicros,
}: {
  readonly runs: SyncRuns;
  readonly runSync: RunSync;
  /** IDENTITY_SYNC_INTERVAL; 0: none by itself. */
  readonly everyMicros: number;
  readonly count: (result: 'completed' | 'failed') => void;
  readonly onFailure: (error: unknown) => void;
  readonly nowMicros: Clock;
}) => {
  const retryMicros = Math.min(everyMicros, longestRetryMicros);

  const end = async (run: HeldRun, progress: SyncProgress): Promise<void> => {
    if (await runs.finish(run, progress, nowMicros())) count(progress.error === null ? 'completed' : 'failed');
  };

  /** False when this process is to do no more. */
  const carryOut = async (run: HeldRun, from: SyncProgress): Promise<boolean> => {
    let kept = from;
    try {
      await end(
        run,
        await runSync(run, from, (progress) => {
          kept = progress;
        }),
      );
    } catch (error) {
      if (error instanceof LostRun) return true;
      if (error instanceof SyncPaused) {
        await runs.release(run);
        return false;
      }
      onFailure(error);
      await end(run, withTrouble(kept, troubleOf(error)));
    }
    return true;
  };

  return async (): Promise<void> => {
    if (everyMicros > 0) await runs.startIfDue({ everyMicros, retryMicros, nowMicros: nowMicros() });
    for (;;) {
      const claimed = await runs.claim();
      if (claimed === undefined || !(await carryOut(claimed.run, claimed.progress))) return;
    }
  };
};
