import type { SigningKey } from '@scaivault/crypto';
import type { ScopeId } from '@scaivault/tenancy';
import type { CheckpointStore, DueTenant, SealerPlace } from '../../ports.ts';
import { inLanes } from '../in-lanes.ts';
import type { createSealTenant } from './seal-tenant.ts';

const pageSize = 100;
/** Tenants sealed at once: one reads or commits while another one hashes. */
const lanes = 2;
/** Longer than a page of tenants takes; when it is not, the fence stops what comes late. */
const holdMs = 60_000;
/** After as many rounds the turn ends; the next one begins within a second. */
const mostRounds = 10;

/**
 * One turn of the sealer: every tenant whose rows have waited for `intervalMs` or fill a batch, each in its turn, as often
 * as full batches are left. One process works at a time. A tenant that cannot be sealed keeps nobody else waiting; without
 * a signing key nobody can, and the turn fails.
 */
export const createSealTurn = ({
  checkpoints,
  place,
  signer,
  sealTenant,
  intervalMs,
  holder,
  onFailure,
  isStopping,
}: {
  readonly checkpoints: Pick<CheckpointStore, 'due'>;
  readonly place: Pick<SealerPlace, 'take'>;
  readonly signer: () => Promise<SigningKey>;
  readonly sealTenant: ReturnType<typeof createSealTenant>;
  readonly intervalMs: number;
  /** Names this process. */
  readonly holder: string;
  readonly onFailure: (scopeId: ScopeId, error: unknown) => void;
  readonly isStopping: () => boolean;
}) => {
  const sealAll = async (due: readonly DueTenant[], fence: number): Promise<boolean> => {
    const key = await signer();
    let isMoreLeft = false;
    await inLanes(due, lanes, async ({ scopeId }) => {
      if (isStopping()) return;
      try {
        if (await sealTenant(scopeId, { fence, key })) isMoreLeft = true;
      } catch (error) {
        onFailure(scopeId, error);
      }
    });
    return isMoreLeft;
  };

  /** All that is due at this moment; true when there is more at once. */
  const round = async (): Promise<boolean> => {
    let isMoreLeft = false;
    for (let after: DueTenant | undefined; !isStopping(); ) {
      const due = await checkpoints.due(intervalMs, after, pageSize);
      if (due.length === 0) break;
      const fence = await place.take(holder, holdMs);
      if (fence === undefined) return false;
      if (await sealAll(due, fence)) isMoreLeft = true;
      if (due.length < pageSize) break;
      after = due.at(-1);
    }
    return isMoreLeft && !isStopping();
  };

  return async (): Promise<void> => {
    for (let rounds = 0; rounds < mostRounds; rounds += 1) if (!(await round())) return;
  };
};
