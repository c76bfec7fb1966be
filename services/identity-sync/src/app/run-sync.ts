import { LostRun } from '../domain/lost-run.ts';
import { enterStep, type SyncProgress, type SyncStep, stepAfter } from '../domain/sync-progress.ts';
import type { HeldRun, Mirror, SyncRuns } from '../ports.ts';
import { type Keep, type SyncWork, syncListing } from './sync-listing.ts';
import { syncMembers } from './sync-members.ts';
import { syncRemoval } from './sync-removal.ts';

type Step = (run: HeldRun, from: SyncProgress, keep: Keep) => Promise<SyncProgress>;

/** This process is about to stop; the run waits for the next one. */
export class SyncPaused extends Error {
  constructor() {
    super('The sync is to go on in another process.');
    this.name = 'SyncPaused';
  }
}

/**
 * Carries a run from where it is to its last step (rest-api-core 11.1); resolves with what it came to. Progress is kept
 * after every page and group, so that a killed run goes on where it was. Rejects with `LostRun` when another process has
 * it, with `SyncPaused` when `isStopping`.
 */
export const createRunSync = (
  parts: SyncWork & {
    readonly runs: Pick<SyncRuns, 'save'>;
    readonly scopesBelow: Mirror['scopesBelow'];
    readonly isStopping: () => boolean;
  },
) => {
  const { runs, isStopping } = parts;
  const listing = syncListing(parts);
  const steps: Readonly<Record<SyncStep, Step>> = {
    partners: (run, from, keep) => listing(run, 'partners', from, keep),
    tenants: (run, from, keep) => listing(run, 'tenants', from, keep),
    users: (run, from, keep) => listing(run, 'users', from, keep),
    groups: (run, from, keep) => listing(run, 'groups', from, keep),
    members: syncMembers(parts),
    removal: syncRemoval(parts),
  };

  return async (run: HeldRun, from: SyncProgress, onKept: (progress: SyncProgress) => void): Promise<SyncProgress> => {
    const keep: Keep = async (progress) => {
      if (!(await runs.save(run, progress))) throw new LostRun();
      onKept(progress);
      if (isStopping()) throw new SyncPaused();
    };
    let progress = from;
    for (;;) {
      progress = await steps[progress.step](run, progress, keep);
      const next = stepAfter(progress.step);
      if (next === undefined) return progress;
      progress = enterStep(progress, next);
      await keep(progress);
    }
  };
};

export type RunSync = ReturnType<typeof createRunSync>;
