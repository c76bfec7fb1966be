import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@connectrpc/connect';
import { AuditIngestService } from '@scaivault/contracts';
import { type Stage, type StagedProcess, stageService } from '@scaivault/testkit/stage-service';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { encode, recordOf } from '../open-log.ts';
import { type OpenProof, openProof, scopeOf } from './open-proof.ts';

/** The process stores what it is sent and seals it, for many tenants at once; it is killed while it goes through them. */
const kills = 2;
const tenants = Array.from({ length: 16 }, (_, n) => `tnt_${n}`);
const mostRecords = 20;
const restMs = 150;
const within = { timeout: 20_000, interval: 1 };

let opened: OpenProof;
let stage: Stage;
let current: StagedProcess | undefined;
beforeAll(async () => {
  opened = await openProof();
  const env = { DATABASE_URL: opened.url, DATABASE_POOL_SIZE: '6', AUDIT_SEAL_INTERVAL: '0s' };
  stage = await stageService('audit-writer', { keySeal: opened.keySeal, env });
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await opened[Symbol.asyncDispose]();
});

/** Sends a batch until it is said to be stored, as a journal does. */
const send = async (records: readonly Uint8Array<ArrayBuffer>[]): Promise<void> => {
  for (;;) {
    try {
      if (current === undefined) throw new Error('Nobody is there.');
      const ingest = createClient(AuditIngestService, current.transport);
      await ingest.ingestAuditRecords({ records: [...records] }, { timeoutMs: 2_000 });
      return;
    } catch {
      // It is gone, or its answer is: the batch is sent again, which must store nothing twice.
      await sleep(restMs);
    }
  }
};

/** Records of one tenant, batch after batch, until told to stop; resolves with the ids of all that were stored. */
const write = async (tenantId: string, signal: AbortSignal): Promise<readonly string[]> => {
  const ids: string[] = [];
  while (!signal.aborted) {
    const records = Array.from({ length: randomInt(1, mostRecords) }, () => recordOf({ tenantId }));
    await send(records.map(encode));
    ids.push(...records.map(({ id }) => id));
    await sleep(restMs);
  }
  return ids;
};

const checkpointsOf = (scopeId: string) => opened.owner.sql<{ first: number; last: number }[]>`
  select first_event_seq as "first", last_event_seq as "last" from checkpoint
  where scope_id = ${scopeId} order by first_event_seq`;
const sealedTenants = async (after: number): Promise<number> => {
  const [row] = await opened.owner.sql<{ sealed: number }[]>`
    select count(distinct scope_id)::int4 as sealed from checkpoint where sealed_at > to_timestamp(${after / 1000})`;
  return row?.sealed ?? 0;
};

/** Kills the process as soon as some tenants of a turn are seen to be sealed; how many it had done. */
const killAmidTurn = async (): Promise<number> => {
  current = await stage.start();
  const startedAt = Date.now();
  await vi.waitFor(async () => expect(await sealedTenants(startedAt)).toBeGreaterThan(0), within);
  await current.kill();
  current = undefined;
  // The place in which it sealed is free when its time has run out.
  await opened.owner.sql`update sealer set held_until = '-infinity'`;
  return await sealedTenants(startedAt);
};

it('each record is stored and sealed once, and the chain verifies, through kills amid ingest and sealing', async () => {
  const writing = new AbortController();
  const lanes = Promise.all(tenants.map((tenantId) => write(tenantId, writing.signal)));
  const sealedAtKill: number[] = [];
  let sent: readonly (readonly string[])[];
  try {
    for (let left = kills; left > 0; left -= 1) sealedAtKill.push(await killAmidTurn());
    current = await stage.start();
  } finally {
    writing.abort();
    sent = await lanes;
  }
  await vi.waitFor(async () => {
    const left = await opened.owner.sql`select 1 from head where unsealed_since is not null or sealed_seq < event_seq`;
    expect(left).toHaveLength(0);
  }, within);

  // Some died in the middle of a turn, or this would show nothing.
  expect(sealedAtKill.some((count) => count < tenants.length)).toBe(true);
  for (const [index, tenantId] of tenants.entries()) {
    const ids = sent[index] ?? [];
    const rows = await opened.numbered(scopeOf(tenantId));
    expect(rows.map(({ seq }) => seq)).toEqual(ids.map((_, n) => n + 1));
    expect(rows.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    const chain = await checkpointsOf(scopeOf(tenantId));
    expect(chain.map(({ first }) => first)).toEqual([1, ...chain.slice(0, -1).map(({ last }) => last + 1)]);
    expect(await opened.verify(tenantId)).toEqual({
      checkedCheckpoints: chain.length,
      checkedRecords: ids.length,
      firstFailure: undefined,
    });
  }
}, 90_000);
