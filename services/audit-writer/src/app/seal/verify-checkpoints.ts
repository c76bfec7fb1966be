import { type KeyObject, verify } from 'node:crypto';
import { fieldError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { type ScopeId, scopeId } from '@scaivault/tenancy';
import { allTime, type LogWindow } from '../../domain/log-window.ts';
import { type ChainEnd, chainStart, continuesChain, mayLackRows } from '../../domain/seal/check-chain.ts';
import { checkNumbers } from '../../domain/seal/check-numbers.ts';
import { type Checkpoint, mostRecords, noHead } from '../../domain/seal/checkpoint.ts';
import type { VerificationFailure } from '../../domain/seal/verification.ts';
import type { ChainState, CheckpointPosition, CheckpointStore, Clock } from '../../ports.ts';
import type { createCheckRecords } from './check-records.ts';

export interface Verification {
  readonly checkedCheckpoints: number;
  readonly checkedRecords: number;
  readonly firstFailure: VerificationFailure | undefined;
}

interface Dependencies {
  readonly checkpoints: Pick<CheckpointStore, 'chain' | 'rows' | 'list' | 'before'>;
  readonly checkRecords: ReturnType<typeof createCheckRecords>;
  /** Undefined for a key that is not ours. */
  readonly trustedKey: (keyId: string) => Promise<KeyObject | undefined>;
  readonly nowMicros: Clock;
}

/** One call checks no more: it has to end within the time of a request. */
const budget = { records: 200_000, checkpoints: 20_000 } as const;
const pageSize = 200;

const noRows: ChainState = {
  eventSeq: 0,
  sealedSeq: 0,
  sealedHead: noHead,
  sealedAtMicros: 0,
  removedSeq: 0,
  removedMicros: Number.NEGATIVE_INFINITY,
};

/** What is known on the way along a chain. */
interface Walk {
  end: ChainEnd;
  checkedCheckpoints: number;
  checkedRecords: number;
}

/** Checkpoints that lie behind each other and whose numbers are read in one go. */
const grouped = (page: readonly Checkpoint[]): readonly (readonly Checkpoint[])[] => {
  const groups: Checkpoint[][] = [];
  for (const checkpoint of page) {
    const group = groups.at(-1);
    const first = group?.[0]?.firstEventSeq ?? 0;
    if (group !== undefined && checkpoint.lastEventSeq - first < mostRecords) group.push(checkpoint);
    else groups.push([checkpoint]);
  }
  return groups;
};

const createCheckGroup =
  ({ checkpoints, checkRecords, trustedKey, nowMicros }: Dependencies) =>
  async (
    scope: ScopeId,
    group: readonly Checkpoint[],
    chain: ChainState,
    walk: Walk,
  ): Promise<VerificationFailure | undefined> => {
    const first = group[0]?.firstEventSeq ?? 0;
    const last = group.at(-1)?.lastEventSeq ?? 0;
    // A checkpoint over more numbers than we ever seal is not ours, and fails before anybody looks for all its rows.
    const rows = await checkpoints.rows(scope, first, last, 2 * mostRecords);
    for (const checkpoint of group) {
      const { id, firstEventSeq, lastEventSeq } = checkpoint;
      const fails = (reason: VerificationFailure['reason'], eventSeq = firstEventSeq): VerificationFailure => ({
        checkpointId: id,
        eventSeq,
        reason,
      });
      if (!continuesChain(checkpoint, walk.end)) return fails('chain_broken');
      const key = await trustedKey(checkpoint.keyId);
      if (key === undefined || !verify(null, checkpoint.headHash, key, checkpoint.signature)) {
        return fails('signature_invalid');
      }
      const own = rows.filter(({ eventSeq }) => eventSeq >= firstEventSeq && eventSeq <= lastEventSeq);
      if (own.length > 0 || !mayLackRows(checkpoint, chain, nowMicros())) {
        const wrong = await checkRecords(scope, checkpoint, own);
        if (wrong !== undefined) return fails(wrong.reason, wrong.eventSeq);
        if (own.length !== checkpoint.recordCount) return fails('chain_broken');
      }
      walk.end = checkpoint;
      walk.checkedCheckpoints += 1;
      walk.checkedRecords += own.length;
    }
    return undefined;
  };

/** That nothing is missing or too many behind the last checkpoint: rows that wait for their seal, and the chain's own end. */
const createCheckEnd =
  ({ checkpoints }: Pick<Dependencies, 'checkpoints'>) =>
  async (scope: ScopeId, chain: ChainState, { end }: Walk): Promise<VerificationFailure | undefined> => {
    const fails = (eventSeq: number, reason: VerificationFailure['reason']): VerificationFailure => ({
      checkpointId: undefined,
      eventSeq,
      reason,
    });
    if (end.lastEventSeq !== chain.sealedSeq || !end.headHash.equals(chain.sealedHead)) {
      return fails(end.lastEventSeq + 1, 'chain_broken');
    }
    const last = Math.min(chain.eventSeq, chain.sealedSeq + mostRecords);
    const rows = await checkpoints.rows(scope, chain.sealedSeq + 1, last, 2 * mostRecords);
    const wrong = checkNumbers(chain.sealedSeq + 1, last, rows);
    if (wrong !== undefined) return fails(wrong.eventSeq, wrong.reason);
    const [beyond] = await checkpoints.rows(scope, chain.eventSeq + 1, Number.MAX_SAFE_INTEGER, 1);
    if (beyond === undefined || beyond.eventSeq <= ((await checkpoints.chain(scope))?.eventSeq ?? 0)) return undefined;
    return fails(beyond.eventSeq, 'record_changed');
  };

/**
 * Checks the log of the caller's tenant against the checkpoints sealed in a window (rest-api-core 7.2): links, heads,
 * signatures by keys that the key chain confirms, and every row; names the first that is wrong. 422 `validation_error` when
 * the window holds too much for one call, 503 `kms_unavailable`.
 */
export const createVerifyCheckpoints = (dependencies: Dependencies) => {
  const { checkpoints } = dependencies;
  const checkGroup = createCheckGroup(dependencies);
  const checkEnd = createCheckEnd(dependencies);

  /** Begins a walk at that number, from where the chain has come to by then. */
  const enter = async (scope: ScopeId, firstEventSeq: number): Promise<Walk> => {
    const before = await checkpoints.before(scope, firstEventSeq);
    return { end: before ?? chainStart, checkedCheckpoints: 0, checkedRecords: 0 };
  };

  const requireBudget = ({ checkedCheckpoints, checkedRecords }: Walk): void => {
    if (checkedCheckpoints <= budget.checkpoints && checkedRecords <= budget.records) return;
    throw fieldError('to', 'range', `holds more than ${budget.records} records or ${budget.checkpoints} checkpoints`);
  };

  return async (caller: Pick<Caller, 'scope'>, asked: Partial<LogWindow>): Promise<Verification> => {
    const scope = scopeId(caller.scope);
    const window = allTime(asked);
    const chain = (await checkpoints.chain(scope)) ?? noRows;
    let walk: Walk = { end: chainStart, checkedCheckpoints: 0, checkedRecords: 0 };
    const answer = (firstFailure: VerificationFailure | undefined): Verification => ({
      checkedCheckpoints: walk.checkedCheckpoints,
      checkedRecords: walk.checkedRecords,
      firstFailure,
    });

    for (let after: CheckpointPosition | undefined; ; ) {
      const page = await checkpoints.list(scope, window, after, pageSize);
      // What has been sealed since we began is for the next call.
      const known = page.filter(({ firstEventSeq }) => firstEventSeq <= chain.sealedSeq);
      if (after === undefined && asked.fromMicros !== undefined) {
        walk = await enter(scope, known[0]?.firstEventSeq ?? chain.sealedSeq + 1);
      }
      for (const group of grouped(known)) {
        const failure = await checkGroup(scope, group, chain, walk);
        if (failure !== undefined) return answer(failure);
        requireBudget(walk);
      }
      after = page.at(-1);
      if (page.length < pageSize) break;
    }
    return answer(asked.toMicros === undefined ? await checkEnd(scope, chain, walk) : undefined);
  };
};
