import { createHash } from 'node:crypto';
import { parsePartnerId, parseTenantId, partnerScope, type ScopeId, scopeId, tenantScope } from '@scaivault/tenancy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Beginning, KeyedRequest, Run } from '../../src/index.ts';
import { type OpenMemory, openMemory } from './open-memory.ts';

let memory: OpenMemory;
beforeAll(async () => {
  memory = await openMemory();
});
afterAll(() => memory[Symbol.asyncDispose]());
beforeEach(async () => {
  await memory.owner`delete from idempotency`;
  memory.seal.calls.length = 0;
  memory.seal.isAway = false;
});

const callerIn = (tenant: string, identityId = 'user:ada@acme.example', home: string | null = null) => {
  const tenantId = parseTenantId(tenant);
  const partnerId = parsePartnerId('ptn_x');
  const scope = tenantScope(tenantId, partnerId);
  return {
    tenantId,
    partnerId,
    scope,
    objectScope: scope,
    sharedScope: partnerScope(parsePartnerId('ptn_x')),
    identityId,
    homeTenantId: home === null ? null : parseTenantId(home),
  };
};

const request = (change: Partial<KeyedRequest> & { readonly text?: string } = {}): KeyedRequest => {
  const { text = 'write canary-request', ...rest } = change;
  return { caller: callerIn('tnt_a'), key: 'key-1', rpc: '/test.v1.Probe/Write', message: Buffer.from(text), ...rest };
};

const begin = (change: Parameters<typeof request>[0] = {}): Promise<Beginning> =>
  memory.idempotency.begin(request(change));

const start = async (change: Parameters<typeof request>[0] = {}): Promise<Run> => {
  const beginning = await begin(change);
  if (!('run' in beginning)) throw new Error('The request was not the first.');
  return beginning.run;
};

const commit = (run: Run, scope: ScopeId = 't:tnt_a' as ScopeId): Promise<void> =>
  memory.db.withScope(scope, (tx) => run.commit(tx));

const answered = async (answer: string, change: Parameters<typeof request>[0] = {}): Promise<void> => {
  const run = await start(change);
  await commit(run, scopeId((change.caller ?? callerIn('tnt_a')).scope));
  await run.keep(Buffer.from(answer));
};

const conflict = (reason: string) =>
  expect.objectContaining({ code: 'idempotency_conflict', details: { reason }, httpStatus: 409 });

const ownerDies = () => memory.owner`update idempotency set busy_until = now()`;

describe('a request with a key', () => {
  it('runs once, and is answered with what was kept from then on', async () => {
    await answered('the answer');
    const again = await begin();
    expect('kept' in again && Buffer.from(again.kept).toString()).toBe('the answer');
  });

  it('costs one call of the key chain, the first time and later', async () => {
    await answered('the answer');
    expect(memory.seal.calls).toEqual(['seal']);
    await begin();
    expect(memory.seal.calls).toEqual(['seal', 'open']);
  });

  it('runs once however many come at the same time', async () => {
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => begin()));
    const runs = all.filter(({ status }) => status === 'fulfilled');
    expect(runs).toHaveLength(1);
    for (const end of all) {
      if (end.status === 'rejected') {
        expect(end.reason).toEqual(conflict('in_progress'));
        expect(end.reason).toMatchObject({ retryAfterSeconds: 1 });
      }
    }
  });

  it('is refused when it is another request, whatever has become of the first', async () => {
    const differing: readonly Parameters<typeof request>[0][] = [
      { text: 'write something else' },
      { rpc: '/test.v1.Probe/Erase' },
      { caller: { ...callerIn('tnt_a'), objectScope: partnerScope(parsePartnerId('ptn_x')) } },
      { caller: { ...callerIn('tnt_a'), sharedScope: partnerScope(parsePartnerId('ptn_y')) } },
    ];
    const refuseAll = async (): Promise<void> => {
      for (const change of differing) await expect(begin(change)).rejects.toEqual(conflict('mismatch'));
    };
    const run = await start();
    await refuseAll();
    await commit(run);
    await refuseAll();
    await run.keep(Buffer.from('the answer'));
    await refuseAll();
  });

  it.each([
    ['another key', { key: 'key-2' }],
    ['another identity', { caller: callerIn('tnt_a', 'sa:ada@acme.example') }],
    ['the same name in another tenant', { caller: callerIn('tnt_b') }],
    ['the same name in another tenant, acting here', { caller: callerIn('tnt_a', undefined, 'tnt_b') }],
    ['the same identity acting in another tenant', { caller: callerIn('tnt_b', undefined, 'tnt_a') }],
  ])('has nothing to do with %s', async (_what, change) => {
    await answered('the answer');
    await answered('another answer', change);
    expect(await begin()).toEqual({ kept: Buffer.from('the answer') });
    expect(await begin(change)).toEqual({ kept: Buffer.from('another answer') });
  });

  it('is forgotten after 24 hours', async () => {
    await answered('the answer');
    await memory.owner`update idempotency set expires_at = expires_at - interval '23 hours 59 minutes'`;
    expect(await begin()).toHaveProperty('kept');
    await memory.owner`update idempotency set expires_at = expires_at - interval '2 minutes'`;
    await answered('a new answer', { text: 'another request' });
    expect(await begin({ text: 'another request' })).toEqual({ kept: Buffer.from('a new answer') });
  });

  it('does not run while the key chain is away, neither new nor known', async () => {
    memory.seal.isAway = true;
    await expect(begin()).rejects.toMatchObject({ code: 'service_unavailable' });
    memory.seal.isAway = false;
    await answered('the answer');
    memory.seal.isAway = true;
    await expect(begin()).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('leaves nothing readable in the database, of request and answer', async () => {
    await answered('canary-answer', { key: 'canary-key' });
    // Bytes are written in hex.
    const [row] = await memory.owner<{ text: string }[]>`select i::text as text from idempotency i`;
    const seen = row?.text ?? '';
    expect(seen.length).toBeGreaterThan(400);
    const plain = ['canary-answer', 'write canary-request', 'canary-key', 'ada@acme.example'];
    for (const text of plain) {
      expect(seen).not.toContain(text);
      expect(seen).not.toContain(Buffer.from(text).toString('hex'));
      expect(seen).not.toContain(createHash('sha256').update(text).digest('hex'));
    }
  });
});

describe('a run', () => {
  it('lets the next one run when it gives the key back without having committed', async () => {
    await (await start()).release();
    await answered('second try');
  });

  it('that has committed and kept no answer is not repeated: the answer is lost', async () => {
    const run = await start();
    await commit(run);
    await expect(begin()).rejects.toEqual(conflict('in_progress'));
    await run.release();
    await expect(begin()).rejects.toEqual(conflict('answer_lost'));
  });

  it('that was killed between commit and answer is not repeated either', async () => {
    await commit(await start());
    await ownerDies();
    await expect(begin()).rejects.toEqual(conflict('answer_lost'));
  });

  it('that was killed before its commit is repeated after the longest a request can take', async () => {
    await start();
    await memory.owner`update idempotency set busy_until = busy_until - interval '55 seconds'`;
    await expect(begin()).rejects.toEqual(conflict('in_progress'));
    await memory.owner`update idempotency set busy_until = busy_until - interval '6 seconds'`;
    await answered('second try');
  });

  it('that comes back after its row was taken over cannot commit, and disturbs nothing', async () => {
    const old = await start();
    await ownerDies();
    const taken = await Promise.allSettled([begin(), begin(), begin()]);
    const runs = taken.flatMap((end) => (end.status === 'fulfilled' && 'run' in end.value ? [end.value.run] : []));
    expect(runs).toHaveLength(1);
    await expect(commit(old)).rejects.toEqual(conflict('in_progress'));
    await old.keep(Buffer.from('late'));
    await old.release();
    const [run] = runs;
    await commit(run!);
    await run!.keep(Buffer.from('in time'));
    expect(await begin()).toEqual({ kept: Buffer.from('in time') });
  });

  it('cannot commit twice', async () => {
    const run = await start();
    expect(run.isMarked).toBe(false);
    await commit(run);
    expect(run.isMarked).toBe(true);
    await expect(commit(run)).rejects.toEqual(conflict('in_progress'));
  });

  it('commits with the transaction of whatever scope the operation works on', async () => {
    await commit(await start(), 'p:ptn_x' as ScopeId);
    expect(await memory.owner`select 1 from idempotency where committed_at is not null`).toHaveLength(1);
  });

  it('keeps a refusal without having committed', async () => {
    await (await start()).keep(Buffer.from('refused'));
    await ownerDies();
    expect(await begin()).toEqual({ kept: Buffer.from('refused') });
  });
});

describe('an answer', () => {
  it('of another row does not open', async () => {
    await answered('one');
    await answered('two', { key: 'key-2' });
    await memory.owner`
      update idempotency set answer_ct = (select i.answer_ct from idempotency i where i.id <> idempotency.id)`;
    await expect(begin()).rejects.toThrow();
  });

  it('does not open under the key of another row', async () => {
    await answered('one');
    await answered('two', { key: 'key-2' });
    await memory.owner`
      update idempotency set (key_ct, fingerprint, answer_ct) =
        (select i.key_ct, i.fingerprint, i.answer_ct from idempotency i where i.id <> idempotency.id)`;
    await expect(begin()).rejects.toMatchObject({ code: 'internal_error' });
  });
});

describe('sweeping', () => {
  it('removes all that has expired, a thousand rows at once', async () => {
    await answered('the answer');
    await memory.owner`
      insert into idempotency (scope_id, id, token, busy_until, fingerprint, key_ct, key_wrapped, wrapped_by, expires_at)
      select 't:tnt_' || n % 3, sha256(n::text::bytea), gen_random_uuid(), now(), sha256(''), '', '', 'key_1', now()
      from generate_series(1, 2100) n`;
    await memory.idempotency.sweep();
    expect(await memory.owner`select 1 from idempotency`).toHaveLength(1);
    expect(await begin()).toHaveProperty('kept');
  });
});
