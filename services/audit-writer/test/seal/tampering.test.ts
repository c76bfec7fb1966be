import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditCheckpointSchema } from '@scaivault/contracts';
import { generateSigningKey } from '@scaivault/crypto';
import type { Sql } from '@scaivault/db';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeCheckpoint } from '../../src/rpc/encode-checkpoint.ts';
import { encode, recordOf } from '../open-log.ts';
import { apiJson } from './api-json.ts';
import { callerOf, type OpenProof, openProof, scopeOf } from './open-proof.ts';

let opened: OpenProof;
beforeAll(async () => {
  opened = await openProof();
  await seal([...attacks.map((_, index) => `tnt_${index}`), 'tnt_forger', 'tnt_kept']);
});
afterAll(() => opened[Symbol.asyncDispose]());

/** 50 rows of each tenant under three checkpoints: 1 to 20, 21 to 40, 41 to 50. */
const seal = async (tenants: readonly string[]): Promise<void> => {
  for (const count of [20, 20, 10]) {
    const records = tenants.flatMap((tenantId) => Array.from({ length: count }, () => encode(recordOf({ tenantId }))));
    await opened.ingest(records);
    await opened.seal();
  }
};

const requireWhole = async (tenantId: string): Promise<string> => {
  const whole = { checkedCheckpoints: 3, checkedRecords: 50, firstFailure: undefined };
  expect(await opened.verify(tenantId)).toEqual(whole);
  return scopeOf(tenantId);
};

const swap = (sql: Sql, scope: string, one: number, other: number) =>
  sql`update log set event_seq = ${one + other}::bigint - event_seq
    where scope_id = ${scope} and event_seq in (${one}::bigint, ${other}::bigint)`;

type Attack = (sql: Sql, scope: string) => Promise<unknown>;

/** What somebody with all rights in the database does, and what each verifier has to say first. */
const attacks: readonly [name: string, attack: Attack, reason: string, eventSeq: number, offline?: number][] = [
  [
    'changes an action',
    (sql, s) => sql`update log set action = 'list' where scope_id = ${s} and event_seq = 30`,
    'record_changed',
    30,
  ],
  [
    'changes who it was',
    (sql, s) => sql`update log set identity_id = 'sa:other' where scope_id = ${s} and event_seq = 1`,
    'record_changed',
    1,
  ],
  [
    'moves a time by a microsecond',
    (sql, s) => sql`update log set ts = ts + interval '1 microsecond' where scope_id = ${s} and event_seq = 50`,
    'record_changed',
    50,
  ],
  [
    'adds a second member of one name',
    (sql, s) => sql`update log set extra_data = '{"a":1,"a":1}' where scope_id = ${s} and event_seq = 9`,
    'record_changed',
    9,
  ],
  ['drops a row', (sql, s) => sql`delete from log where scope_id = ${s} and event_seq = 21`, 'record_missing', 21],
  [
    'drops every row of a checkpoint',
    (sql, s) => sql`delete from log where scope_id = ${s} and event_seq between 21 and 40`,
    'record_missing',
    21,
  ],
  [
    'cuts the newest rows off',
    (sql, s) => sql`delete from log where scope_id = ${s} and event_seq > 48`,
    'record_missing',
    49,
  ],
  [
    'cuts the oldest rows off',
    (sql, s) => sql`delete from log where scope_id = ${s} and event_seq <= 10`,
    'record_missing',
    1,
  ],
  [
    'says that retention took rows of yesterday',
    async (sql, s) => {
      await sql`delete from log where scope_id = ${s} and event_seq <= 20`;
      await sql`update head set removed_seq = 20, removed_ts = now() where scope_id = ${s}`;
    },
    'record_missing',
    1,
  ],
  ['swaps the order of two rows', (sql, s) => swap(sql, s, 24, 26), 'record_changed', 24],
  ['swaps rows of two checkpoints', (sql, s) => swap(sql, s, 10, 30), 'record_changed', 10],
  [
    'doubles a row',
    (sql, s) => sql`
    insert into log select l.scope_id, l.ts, l.id || 'x', l.event_seq, l.action, l.identity_type, l.identity_id, l.secret_path,
      l.source_ip, l.user_agent, l.success, l.error_code, l.policy_id, l.duration_ms, l.request_id, l.extra_data
    from log l where scope_id = ${s} and event_seq = 14`,
    'record_changed',
    14,
  ],
  [
    'puts a row in the place of another',
    async (sql, s) => {
      await sql`delete from log where scope_id = ${s} and event_seq = 34`;
      await sql`
      insert into log (scope_id, ts, id, event_seq, action, identity_type, identity_id, success, duration_ms, request_id, extra_data)
      values (${s}, now(), 'log_planted', 34, 'read', 'user', 'user:x', true, 1, 'req_x', '{}')`;
    },
    'record_changed',
    34,
  ],
  [
    'puts a row behind the last',
    (sql, s) => sql`
    insert into log (scope_id, ts, id, event_seq, action, identity_type, identity_id, success, duration_ms, request_id, extra_data)
    values (${s}, now(), 'log_planted', 51, 'read', 'user', 'user:x', true, 1, 'req_x', '{}')`,
    'record_changed',
    51,
  ],
  [
    'makes another root',
    (sql, s) => sql`update checkpoint set root_hash = sha256('x') where scope_id = ${s} and first_event_seq = 21`,
    'chain_broken',
    21,
  ],
  [
    'makes another head',
    (sql, s) => sql`update checkpoint set head_hash = sha256('x') where scope_id = ${s} and first_event_seq = 21`,
    'chain_broken',
    21,
  ],
  [
    'links to another head',
    (sql, s) => sql`update checkpoint set prev_hash = sha256('x') where scope_id = ${s} and first_event_seq = 41`,
    'chain_broken',
    41,
  ],
  [
    'lets a checkpoint end earlier',
    async (sql, s) => {
      await sql`delete from log where scope_id = ${s} and event_seq = 50`;
      await sql`update checkpoint set last_event_seq = 49, record_count = 9 where scope_id = ${s} and first_event_seq = 41`;
    },
    'chain_broken',
    41,
  ],
  [
    'drops a checkpoint in the middle',
    (sql, s) => sql`delete from checkpoint where scope_id = ${s} and first_event_seq = 21`,
    'chain_broken',
    41,
    21,
  ],
  [
    'drops the first checkpoint',
    (sql, s) => sql`delete from checkpoint where scope_id = ${s} and first_event_seq = 1`,
    'chain_broken',
    21,
    1,
  ],
  [
    'cuts the chain and all its rows',
    async (sql, s) => {
      await sql`delete from log where scope_id = ${s} and event_seq > 40`;
      await sql`delete from checkpoint where scope_id = ${s} and first_event_seq = 41`;
    },
    'chain_broken',
    41,
    0,
  ],
  [
    'exchanges a signature',
    (sql, s) =>
      sql`update checkpoint set signature = decode(repeat('01', 64), 'hex') where scope_id = ${s} and first_event_seq = 21`,
    'signature_invalid',
    21,
  ],
  [
    'takes the signature of another head',
    (sql, s) => sql`
    update checkpoint set signature = (select c.signature from checkpoint c where c.scope_id = ${s} and c.first_event_seq = 1)
    where scope_id = ${s} and first_event_seq = 41`,
    'signature_invalid',
    41,
  ],
  [
    "puts another tenant's checkpoint in the place of ours",
    async (sql, s) => {
      await sql`delete from checkpoint where scope_id = ${s} and first_event_seq = 21`;
      await sql`
        insert into checkpoint
        select ${s}, c.first_event_seq, c.last_event_seq, c.id, c.record_count, c.root_hash, c.prev_hash, c.head_hash,
          c.sealed_at, c.key_id, c.signature
        from checkpoint c where c.scope_id = 't:tnt_forger' and c.first_event_seq = 21`;
    },
    'chain_broken',
    21,
  ],
  [
    'names a key that is none',
    (sql, s) => sql`update checkpoint set key_id = 'nobody' where scope_id = ${s} and first_event_seq = 1`,
    'signature_invalid',
    1,
  ],
  [
    'changes a row and its leaf hash',
    async (sql, s) => {
      await sql`update log set success = false where scope_id = ${s} and event_seq = 28`;
      await sql`update checkpoint_leaves set leaf_hashes = overlay(leaf_hashes placing sha256('x') from 7 * 32 + 1) where scope_id = ${s} and first_event_seq = 21`;
    },
    'record_changed',
    21,
  ],
];

describe('somebody with every right in the database', () => {
  it.each(attacks)('%s, and both verifiers name it', async (name, attack, reason, eventSeq, offlineSeq = eventSeq) => {
    const tenantId = `tnt_${attacks.findIndex(([other]) => other === name)}`;
    const scope = await requireWhole(tenantId);
    await attack(opened.owner.sql, scope);
    const { firstFailure } = await opened.verify(tenantId);
    expect(firstFailure).toMatchObject({ reason, eventSeq });

    const { findings } = await opened.verifyOffline(tenantId);
    // What is cut off at the end shows offline only to those who have kept a head of their own.
    if (offlineSeq === 0) expect(findings).toEqual([]);
    else expect(findings.map(({ eventSeq: seq }) => seq)).toContain(offlineSeq);
    if (offlineSeq === eventSeq) expect(findings).toContainEqual(expect.objectContaining({ reason, eventSeq }));
  });

  it('rewrites history with a key of his own, and is believed by nobody', async () => {
    const scope = await requireWhole('tnt_forger');
    const { key } = generateSigningKey();
    const { sql } = opened.owner;
    await sql`
      insert into signing_key (key_id, public_key, attested_ct, attested_key_wrapped, attested_wrapped_by, retired_at)
      select ${key.keyId}, ${key.publicKey}, attested_ct, attested_key_wrapped, attested_wrapped_by, now()
      from signing_key where retired_at is null`;
    const [last] = await sql<{ head: Buffer }[]>`
      select head_hash as head from checkpoint where scope_id = ${scope} and first_event_seq = 41`;
    await sql`
      update checkpoint set key_id = ${key.keyId}, signature = ${key.sign(last?.head ?? Buffer.alloc(0))}
      where scope_id = ${scope} and first_event_seq = 41`;
    expect((await opened.verify('tnt_forger')).firstFailure).toMatchObject({
      reason: 'signature_invalid',
      eventSeq: 41,
    });
    await sql`delete from signing_key where key_id = ${key.keyId}`;
    expect((await opened.verifyOffline('tnt_forger')).findings).toMatchObject([
      { reason: 'signature_invalid', eventSeq: 41 },
    ]);
  });

  it('cannot cut off what somebody has kept the head of', async () => {
    const scope = await requireWhole('tnt_kept');
    const page = await opened.proof.useCases.listCheckpoints(callerOf('tnt_kept'), {
      window: {},
      limit: 10,
      cursor: undefined,
    });
    const kept = join(tmpdir(), `kept-${process.pid}.json`);
    const [, , last] = page.checkpoints;
    if (last === undefined) throw new Error('no third checkpoint');
    await writeFile(kept, apiJson(AuditCheckpointSchema, encodeCheckpoint(last)));
    expect((await opened.verifyOffline('tnt_kept', { kept: [kept] })).findings).toEqual([]);
    const { sql } = opened.owner;
    await sql`delete from log where scope_id = ${scope} and event_seq > 40`;
    await sql`delete from checkpoint where scope_id = ${scope} and first_event_seq = 41`;
    await sql`
      update head set event_seq = 40, sealed_seq = 40, unsealed_since = null,
        sealed_head = (select head_hash from checkpoint where scope_id = ${scope} and first_event_seq = 21)
      where scope_id = ${scope}`;
    expect((await opened.verify('tnt_kept')).firstFailure).toBeUndefined();
    expect((await opened.verifyOffline('tnt_kept', { kept: [kept] })).findings).toMatchObject([
      { reason: 'chain_broken', eventSeq: 41, checkpointId: last.id },
    ]);
  });
});
