import { verify } from 'node:crypto';
import { importSigningPublicKey } from '@scaivault/crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/domain/seal/checkpoint.ts';
import { createExpiry } from '../../src/store/expiry.ts';
import { createSealerPlace } from '../../src/store/sealer-place.ts';
import { callerOf, type OpenProof, openProof, scopeOf } from './open-proof.ts';

let opened: OpenProof;
beforeAll(async () => {
  opened = await openProof();
});
afterAll(() => opened[Symbol.asyncDispose]());
beforeEach(() => {
  opened.tampering.length = 0;
  opened.failures.length = 0;
  opened.keySeal.isAway = false;
});

const chainOf = (tenantId: string): Promise<readonly Checkpoint[]> =>
  opened.checkpoints.list(scopeOf(tenantId), { fromMicros: 0, toMicros: Date.UTC(9999, 0) * 1000 }, undefined, 1000);

const spansOf = async (tenantId: string) =>
  (await chainOf(tenantId)).map(({ firstEventSeq, lastEventSeq }) => [firstEventSeq, lastEventSeq]);

const waitingSince = async (tenantId: string): Promise<number | null | undefined> => {
  const [row] = await opened.owner.sql<{ since: number | null }[]>`
    select unsealed_since as since from head where scope_id = ${scopeOf(tenantId)}`;
  return row?.since;
};

const whole = (checkedCheckpoints: number, checkedRecords: number) => ({
  checkedCheckpoints,
  checkedRecords,
  firstFailure: undefined,
});

describe('the sealer', () => {
  it('leaves rows alone until the interval is over, then seals all of them', async () => {
    await opened.put('tnt_time', 3);
    await opened.proof.sealTurn();
    expect(await spansOf('tnt_time')).toEqual([]);
    await opened.seal();
    expect(await spansOf('tnt_time')).toEqual([[1, 3]]);
    expect(await waitingSince('tnt_time')).toBeNull();
    await opened.put('tnt_time', 2);
    await opened.seal();
    expect(await spansOf('tnt_time')).toEqual([
      [1, 3],
      [4, 5],
    ]);
    expect(await opened.verify('tnt_time')).toEqual(whole(2, 5));
  });

  it('seals a full batch at once, and begins the wait of the rest anew', async () => {
    await opened.put('tnt_full', 1100);
    expect(await waitingSince('tnt_full')).toBe(Number.NEGATIVE_INFINITY);
    await opened.proof.sealTurn();
    expect(await spansOf('tnt_full')).toEqual([[1, 1000]]);
    expect(await waitingSince('tnt_full')).toBeGreaterThan(Date.now() * 1000 - 60_000_000);
  });

  it('chains and signs each head', async () => {
    await opened.put('tnt_chain', 2);
    await opened.seal();
    await opened.put('tnt_chain', 2);
    await opened.seal();
    const [first, second] = await chainOf('tnt_chain');
    if (first === undefined || second === undefined) throw new Error('no chain');
    expect(first.prevHash.equals(Buffer.alloc(32))).toBe(true);
    expect(second.prevHash).toEqual(first.headHash);
    expect(second.sealedAtMicros).toBeGreaterThan(first.sealedAtMicros);
    const [key] = await opened.proof.useCases.listKeys();
    expect(key?.keyId).toBe(second.keyId);
    const publicKey = importSigningPublicKey(key?.publicKey ?? Buffer.alloc(0));
    expect(verify(null, second.headHash, publicKey, second.signature)).toBe(true);
  });

  it('catches up after any downtime in one turn, more than one tenant can fill a turn with included', async () => {
    await opened.owner.sql`
      insert into log (scope_id, ts, id, event_seq, action, identity_type, identity_id, success, duration_ms, request_id, extra_data)
      select 't:tnt_behind', now(), 'log_' || n, n, 'read', 'user', 'user:x', true, 1, 'req_x', '{}'
      from generate_series(1, 11000) n`;
    await opened.owner.sql`
      insert into head (scope_id, event_seq, unsealed_since) values ('t:tnt_behind', 11000, '-infinity')`;
    await opened.proof.sealTurn();
    expect(await spansOf('tnt_behind')).toHaveLength(11);
    expect(await opened.verify('tnt_behind')).toEqual(whole(11, 11_000));
  });

  it('looks at the tenants with waiting rows only', async () => {
    const { sql } = opened.owner;
    await sql`insert into head (scope_id, event_seq, sealed_seq) select 't:idle_' || n, 1, 1 from generate_series(1, 20000) n`;
    await sql`analyze head`;
    const plan = await sql`
      explain (format json) select h.scope_id from head h
      where h.unsealed_since is not null and (h.unsealed_since <= now() or h.unsealed_since > now())`;
    expect(JSON.stringify(plan)).toContain('head_unsealed');
    expect(JSON.stringify(plan)).not.toContain('Seq Scan');
  });

  it('waits while the key chain is away, and records are stored all the same', async () => {
    const fresh = opened.another();
    await opened.put('tnt_away', 2);
    opened.keySeal.isAway = true;
    await opened.owner.sql`update head set unsealed_since = '-infinity' where scope_id = ${scopeOf('tnt_away')}`;
    await opened.owner.sql`update sealer set held_until = '-infinity'`;
    await expect(fresh.sealTurn()).rejects.toMatchObject({ code: 'service_unavailable' });
    await opened.put('tnt_away', 1);
    expect(await spansOf('tnt_away')).toEqual([]);
    opened.keySeal.isAway = false;
    await fresh.sealTurn();
    expect(await spansOf('tnt_away')).toEqual([[1, 3]]);
    await fresh.leave();
  });

  it('tells of rows that were gone before their seal, seals the others, and verification names the gap', async () => {
    await opened.put('tnt_gap', 5);
    await opened.owner.sql`delete from log where scope_id = ${scopeOf('tnt_gap')} and event_seq = 3`;
    expect((await opened.verify('tnt_gap')).firstFailure).toMatchObject({ reason: 'record_missing', eventSeq: 3 });
    await opened.seal();
    expect(opened.tampering).toEqual([{ scopeId: 't:tnt_gap', firstEventSeq: 1, lastEventSeq: 5 }]);
    expect(await spansOf('tnt_gap')).toEqual([[1, 5]]);
    const failure = { reason: 'record_missing', eventSeq: 3 };
    expect((await opened.verify('tnt_gap')).firstFailure).toMatchObject(failure);
    expect((await opened.verifyOffline('tnt_gap')).findings).toContainEqual(expect.objectContaining(failure));
  });

  it('keeps nobody waiting for a tenant that cannot be sealed', async () => {
    await opened.put('tnt_stuck', 1);
    await opened.seal();
    // Somebody has set the chain's end back, so the next checkpoint meets the one that is there.
    await opened.owner.sql`
      update head set sealed_seq = 0, sealed_head = decode(repeat('00', 32), 'hex'), unsealed_since = '-infinity'
      where scope_id = 't:tnt_stuck'`;
    await opened.put('tnt_after', 1);
    await opened.seal();
    expect(opened.failures).toHaveLength(1);
    expect(await spansOf('tnt_after')).toEqual([[1, 1]]);
    await opened.owner.sql`delete from head where scope_id = 't:tnt_stuck'`;
  });

  it('seals what was noted before the clock was set back', async () => {
    await opened.put('tnt_clock', 1);
    await opened.owner.sql`update head set unsealed_since = now() + interval '1 year' where scope_id = 't:tnt_clock'`;
    await opened.proof.sealTurn();
    expect(await spansOf('tnt_clock')).toEqual([[1, 1]]);
  });
});

describe('several processes', () => {
  it('take turns: one seals, another one takes over when it leaves', async () => {
    const [one, other] = [opened.another(), opened.another()];
    await opened.owner.sql`update sealer set held_until = '-infinity'`;
    await opened.put('tnt_turns', 1000);
    await one.sealTurn();
    expect(await spansOf('tnt_turns')).toHaveLength(1);
    await opened.put('tnt_turns', 1000);
    await other.sealTurn();
    expect(await spansOf('tnt_turns')).toHaveLength(1);
    await one.leave();
    await other.sealTurn();
    expect(await spansOf('tnt_turns')).toHaveLength(2);
    await other.leave();
  });

  it('seal each row once when both believe that they may', async () => {
    await opened.put('tnt_race', 3000);
    const place = { take: () => createSealerPlace(opened.db).take('shared', 60_000), leave: () => Promise.resolve() };
    await opened.owner.sql`update sealer set held_until = '-infinity'`;
    await Promise.all([opened.another({ place }).sealTurn(), opened.another({ place }).sealTurn()]);
    await opened.another({ place }).sealTurn();
    expect(await opened.verify('tnt_race')).toEqual(whole(3, 3000));
  });

  it('take nothing from one whose place was taken over', async () => {
    await opened.put('tnt_fence', 1000);
    const place = createSealerPlace(opened.db);
    const late = opened.another({
      place: {
        take: async () => {
          await opened.owner.sql`update sealer set held_until = '-infinity'`;
          const fence = await place.take('late', 60_000);
          await opened.owner.sql`update sealer set held_until = '-infinity'`;
          await place.take('next', 60_000);
          return fence;
        },
        leave: () => Promise.resolve(),
      },
    });
    await late.sealTurn();
    expect(await spansOf('tnt_fence')).toEqual([]);
    await opened.owner.sql`update sealer set held_until = '-infinity'`;
    await opened.proof.sealTurn();
    expect(await spansOf('tnt_fence')).toEqual([[1, 1000]]);
  });
});

describe('keys', () => {
  it('are replaced after a year; old ones stay listed and what they signed stays valid', async () => {
    await opened.put('tnt_keys', 1);
    await opened.seal();
    await opened.owner
      .sql`update signing_key set created_at = created_at - interval '366 days' where retired_at is null`;
    await opened.put('tnt_keys', 1);
    await opened.seal();
    const [old, young] = await opened.proof.useCases.listKeys();
    expect((await chainOf('tnt_keys')).map(({ keyId }) => keyId)).toEqual([old?.keyId, young?.keyId]);
    expect([old?.retiredAtMicros, young?.retiredAtMicros]).toEqual([expect.any(Number), null]);
    const [row] = await opened.owner.sql<{ gone: boolean }[]>`
      select private_ct is null as gone from signing_key where key_id = ${old?.keyId ?? ''}`;
    expect(row?.gone).toBe(true);
    expect(await opened.another().useCases.verifyCheckpoints(callerOf('tnt_keys'), {})).toEqual(whole(2, 2));
    expect((await opened.verifyOffline('tnt_keys')).findings).toEqual([]);
  });

  it('that cannot be confirmed leave verification undone, not failed', async () => {
    await opened.put('tnt_unsure', 1);
    await opened.seal();
    opened.keySeal.isAway = true;
    await expect(opened.another().useCases.verifyCheckpoints(callerOf('tnt_unsure'), {})).rejects.toMatchObject({
      code: 'kms_unavailable',
    });
  });
});

describe('retention', () => {
  it('removes sealed batches only, and leaves a chain that can be followed', async () => {
    const rule = { defaultDays: 30, nowMicros: Date.now() * 1000 };
    const expiry = createExpiry(opened.db);
    const old = { timestampMicros: BigInt(rule.nowMicros) - 40n * 86_400_000_000n };
    await opened.put('tnt_old', 2, old);
    expect(await expiry.removeBatch(scopeOf('tnt_old'), rule)).toBeUndefined();
    await opened.seal();
    await opened.put('tnt_old', 2);
    await opened.seal();
    expect(await expiry.removeBatch(scopeOf('tnt_old'), rule)).toEqual({ records: 2, lastSeq: 2 });
    expect(await expiry.removeBatch(scopeOf('tnt_old'), rule)).toBeUndefined();
    expect(await opened.verify('tnt_old')).toEqual(whole(2, 2));
    expect((await opened.verifyOffline('tnt_old', { from: 3 })).findings).toEqual([]);
    expect(await opened.checkpoints.leafHashes(scopeOf('tnt_old'), 1)).toBeUndefined();
    await opened.owner.sql`delete from log where scope_id = 't:tnt_old' and event_seq = 3`;
    expect((await opened.verify('tnt_old')).firstFailure).toMatchObject({ reason: 'record_missing', eventSeq: 3 });
  });
});

describe('a window', () => {
  it('is checked from the checkpoint before it to its own end', async () => {
    for (let i = 0; i < 3; i += 1) {
      await opened.put('tnt_window', 2);
      await opened.seal();
    }
    const [, second, third] = await chainOf('tnt_window');
    if (second === undefined || third === undefined) throw new Error('no chain');
    const window = { fromMicros: second.sealedAtMicros, toMicros: third.sealedAtMicros };
    expect(await opened.verify('tnt_window', window)).toEqual(whole(1, 2));
    expect(await opened.verify('tnt_window', { fromMicros: third.sealedAtMicros + 1 })).toEqual(whole(0, 0));
    await opened.owner
      .sql`update checkpoint set head_hash = sha256('x') where scope_id = 't:tnt_window' and first_event_seq = 1`;
    expect((await opened.verify('tnt_window', window)).firstFailure).toMatchObject({
      reason: 'chain_broken',
      eventSeq: 3,
    });
  });

  it('of a tenant without rows is whole', async () => {
    expect(await opened.verify('tnt_nobody')).toEqual(whole(0, 0));
  });
});
