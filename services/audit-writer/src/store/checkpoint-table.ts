import type { Database, Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { LoggedRow } from '../domain/audit-row.ts';
import type { Checkpoint } from '../domain/seal/checkpoint.ts';
import type { ChainState, CheckpointStore, DueTenant } from '../ports.ts';
import { logColumns } from './log-table.ts';

const hashBytes = 32;

const columns = (tx: Tx) => tx`
  id, first_event_seq as "firstEventSeq", last_event_seq as "lastEventSeq", record_count as "recordCount",
  root_hash as "rootHash", prev_hash as "prevHash", head_hash as "headHash", sealed_at as "sealedAtMicros",
  key_id as "keyId", signature`;

const parted = (hashes: Buffer): readonly Buffer[] =>
  Array.from({ length: hashes.length / hashBytes }, (_, i) => hashes.subarray(i * hashBytes, (i + 1) * hashBytes));

/** The tables `checkpoint` and `checkpoint_leaves`, the chain's end in `head`, and the log by its numbers. */
export const createCheckpointTable = (db: Pick<Database, 'withScope' | 'sql'>): CheckpointStore => {
  const findOne = async <Row extends object>(
    scopeId: ScopeId,
    find: (tx: Tx) => Promise<readonly Row[]>,
  ): Promise<Row | undefined> => {
    const [row] = await db.withScope(scopeId, find);
    return row;
  };

  return {
    due: (intervalMs, after, most) => db.sql<DueTenant[]>`
      select scope_id as "scopeId", unsealed_since as "unsealedSince"
      from due_for_sealing(
        ${intervalMs}::bigint, ${after?.unsealedSince ?? Number.NEGATIVE_INFINITY}::timestamptz,
        ${after?.scopeId ?? ''}::text, ${most}::integer
      )`,

    chain: (scopeId) =>
      findOne(
        scopeId,
        (tx) => tx<ChainState[]>`
          select h.event_seq as "eventSeq", h.sealed_seq as "sealedSeq", h.sealed_head as "sealedHead",
            coalesce(
              (
                select c.sealed_at from checkpoint c where c.scope_id = ${scopeId}
                order by c.sealed_at desc, c.first_event_seq desc limit 1
              ),
              to_timestamp(0)
            ) as "sealedAtMicros",
            h.removed_seq as "removedSeq", h.removed_ts as "removedMicros"
          from head h
          where h.scope_id = ${scopeId}`,
      ),

    rows: (scopeId, firstSeq, lastSeq, most) =>
      db.withScope(
        scopeId,
        (tx) => tx<LoggedRow[]>`
          select ${logColumns(tx)} from log
          where scope_id = ${scopeId} and event_seq >= ${firstSeq}::bigint and event_seq <= ${lastSeq}::bigint
          order by event_seq, ts, id limit ${most}::integer`,
      ),

    row: (scopeId, logId) =>
      findOne(
        scopeId,
        (tx) => tx<LoggedRow[]>`
          select ${logColumns(tx)} from log where scope_id = ${scopeId} and id = ${logId} order by event_seq limit 1`,
      ),

    add: async (scopeId, fence, checkpoint, leafHashes) => {
      const [row] = await db.sql<{ remaining: number | null }[]>`
        select add_checkpoint(
          ${scopeId}, ${fence}::bigint, ${checkpoint.id}, ${checkpoint.firstEventSeq}::bigint,
          ${checkpoint.lastEventSeq}::bigint, ${checkpoint.recordCount}::integer, ${checkpoint.rootHash}::bytea,
          ${checkpoint.prevHash}::bytea, ${checkpoint.headHash}::bytea, ${checkpoint.sealedAtMicros}::timestamptz,
          ${checkpoint.keyId}, ${checkpoint.signature}::bytea, ${Buffer.concat(leafHashes)}::bytea
        ) as remaining`;
      return row?.remaining ?? undefined;
    },

    list: (scopeId, { fromMicros, toMicros }, after, limit) =>
      db.withScope(scopeId, (tx) => {
        const behind =
          after === undefined
            ? tx``
            : tx`and sealed_at >= ${after.sealedAtMicros}
                and (sealed_at, first_event_seq) > (${after.sealedAtMicros}::timestamptz, ${after.firstEventSeq}::bigint)`;
        return tx<Checkpoint[]>`
          select ${columns(tx)} from checkpoint
          where scope_id = ${scopeId} and sealed_at >= ${fromMicros} and sealed_at < ${toMicros} ${behind}
          order by sealed_at, first_event_seq limit ${limit}::integer`;
      }),

    byId: (scopeId, id) =>
      findOne(
        scopeId,
        (tx) => tx<Checkpoint[]>`
          select ${columns(tx)} from checkpoint where scope_id = ${scopeId} and id = ${id}`,
      ),

    sealing: async (scopeId, eventSeq) => {
      const last = await findOne(
        scopeId,
        (tx) => tx<Checkpoint[]>`
          select ${columns(tx)} from checkpoint where scope_id = ${scopeId} and first_event_seq <= ${eventSeq}::bigint
          order by first_event_seq desc limit 1`,
      );
      return last !== undefined && last.lastEventSeq >= eventSeq ? last : undefined;
    },

    following: (scopeId, afterSeq, lastSeq, limit) =>
      db.withScope(
        scopeId,
        (tx) => tx<Checkpoint[]>`
          select ${columns(tx)} from checkpoint
          where scope_id = ${scopeId} and first_event_seq > ${afterSeq}::bigint and first_event_seq <= ${lastSeq}::bigint
          order by first_event_seq limit ${limit}::integer`,
      ),

    before: (scopeId, eventSeq) =>
      findOne(
        scopeId,
        (tx) => tx<Checkpoint[]>`
          select ${columns(tx)} from checkpoint where scope_id = ${scopeId} and first_event_seq < ${eventSeq}::bigint
          order by first_event_seq desc limit 1`,
      ),

    leafHashes: async (scopeId, firstEventSeq) => {
      const row = await findOne(
        scopeId,
        (tx) => tx<{ hashes: Buffer }[]>`
          select leaf_hashes as hashes from checkpoint_leaves
          where scope_id = ${scopeId} and first_event_seq = ${firstEventSeq}::bigint`,
      );
      return row === undefined ? undefined : parted(row.hashes);
    },
  };
};
