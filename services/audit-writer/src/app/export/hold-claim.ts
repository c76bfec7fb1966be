import type { ExportClaim, ExportJobStore } from '../../ports/exports.ts';

/** A file is built and written within the lease; what takes longer renews it on its way. */
const leaseMs = 120_000;
const renewAfterMs = 30_000;

/** The work ends here and now: the export is somebody else's by now, or this process is to stop. */
export class Interruption extends Error {
  readonly isLost: boolean;

  constructor(isLost: boolean) {
    super(isLost ? 'The export was claimed by another process.' : 'This process is to stop.');
    this.name = 'Interruption';
    this.isLost = isLost;
  }
}

/** Keeps a claim, and tells when it is lost. */
export const createHoldClaim = ({
  jobs,
  claim,
  monotonicMs,
  isStopping,
}: {
  readonly jobs: Pick<ExportJobStore, 'hold'>;
  readonly claim: ExportClaim;
  readonly monotonicMs: () => number;
  readonly isStopping: () => boolean;
}) => {
  let heldAtMs = Number.NEGATIVE_INFINITY;
  /** The whole lease lies ahead when it resolves. Interruption. */
  const renew = async (): Promise<void> => {
    if (isStopping()) throw new Interruption(false);
    if (!(await jobs.hold(claim, leaseMs))) throw new Interruption(true);
    heldAtMs = monotonicMs();
  };
  return {
    renew,
    /** For every now and then: renews what has been held for a while. */
    keep: async (): Promise<void> => {
      if (isStopping() || monotonicMs() - heldAtMs > renewAfterMs) await renew();
    },
  };
};

export const claimLeaseMs = leaseMs;
