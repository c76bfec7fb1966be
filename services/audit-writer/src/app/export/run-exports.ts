import type { ExportJobStore } from '../../ports/exports.ts';
import { claimLeaseMs } from './hold-claim.ts';
import type { createRunExport } from './run-export.ts';

/** Exports that one process works on at once: each has a file in memory. */
const places = 2;

/** Works on the exports of all tenants, the one that has waited longest first. */
export const createRunExports = ({
  jobs,
  runExport,
  nowMs,
  onRoom,
  onFailure,
}: {
  readonly jobs: Pick<ExportJobStore, 'claim' | 'nextDueInMs'>;
  readonly runExport: ReturnType<typeof createRunExport>;
  readonly nowMs: () => number;
  /** A place is free again. */
  readonly onRoom: () => void;
  readonly onFailure: (error: unknown) => void;
}) => {
  const running = new Set<Promise<void>>();

  const begin = async (): Promise<boolean> => {
    const claim = running.size < places ? await jobs.claim(claimLeaseMs) : undefined;
    if (claim === undefined) return false;
    const run: Promise<void> = runExport(claim)
      // Its lease runs out, and it is due again.
      .catch(onFailure)
      .finally(() => {
        running.delete(run);
        onRoom();
      });
    running.add(run);
    return true;
  };

  return {
    pass: async () => {
      // Asked first: what becomes due between the two questions is claimed, and not left to the next sweep.
      const inMs = await jobs.nextDueInMs();
      while (await begin());
      return { isMore: false, nextDueMs: inMs === undefined ? undefined : nowMs() + inMs };
    },
    /** Resolves when what is under way has ended. */
    idle: async (): Promise<void> => {
      await Promise.all(running);
    },
  };
};
