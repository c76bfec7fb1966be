import { randomInt } from 'node:crypto';
import type { Shape, Vault } from '@scaivault/testkit/start-vault';
import { afterAll, describe, expect, it } from 'vitest';
import { type AuditRow, allAuditRows } from './audit-rows.ts';
import { succeeded } from './grant.ts';
import { startUnlimited } from './unlimited-vault.ts';
import { until } from './until.ts';

const operations = 1_000;
const atOnce = 100;
const seeded = 50;

interface Deed {
  readonly index: number;
  readonly kind: 'write' | 'read';
  readonly path: string;
  readonly value: string;
  /** Travels as X-Request-ID, so that a deed without an answer can be found in the trail. */
  readonly clientId: string;
  answer: { readonly status: number; readonly requestId: string } | undefined;
}

const deedsOf = (): Deed[] =>
  Array.from({ length: operations }, (_, index) => {
    const kind = index % 2 === 0 ? 'write' : 'read';
    const path = kind === 'write' ? `crash/${index}` : `seed/${index % seeded}`;
    return { index, kind, path, value: `value of ${path}`, clientId: `deed-${index}`, answer: undefined };
  });

const perform = async (vault: Vault, deed: Deed): Promise<void> => {
  const { status, headers, json } = await vault.request(
    deed.kind === 'write' ? 'PUT' : 'GET',
    `/v1/secrets/${deed.path}`,
    {
      headers: { 'x-request-id': deed.clientId },
      ...(deed.kind === 'write' ? { body: { data: { value: deed.value } } } : {}),
    },
  );
  // An answer counts only when it has come whole.
  if (json !== undefined) deed.answer = { status, requestId: headers.get('x-request-id') ?? '' };
};

/** Runs `work` over all items, `atOnce` of them at a time. */
const inLanes = async <Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> => {
  const waiting = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of waiting) await work(item);
    }),
  );
};

describe.each<[killed: Shape, next: Shape]>([
  ['all-in-one', 'all-in-one'],
  ['services', 'services'],
  ['all-in-one', 'services'],
  ['services', 'all-in-one'],
])('kill -9 as %s, restart as %s', (shape, next) => {
  const vaults: Vault[] = [];
  afterAll(async () => {
    for (const vault of vaults.reverse()) await vault[Symbol.asyncDispose]();
  });
  const start = async (...args: Parameters<typeof startUnlimited>): Promise<Vault> => {
    const vault = await startUnlimited(...args);
    vaults.push(vault);
    return vault;
  };

  it('loses no answered write, no record of an answer, and claims nothing that did not happen', async () => {
    const first = await start(shape);
    for (let index = 0; index < seeded; index += 1)
      succeeded(
        await first.request('PUT', `/v1/secrets/seed/${index}`, {
          body: { data: { value: `value of seed/${index}` } },
        }),
      );
    const deeds = deedsOf();
    const killAfter = randomInt(150, 700);
    let answered = 0;
    let killing: Promise<void> | undefined;
    await inLanes(deeds, async (deed) => {
      if (killing !== undefined) return;
      await perform(first, deed).catch((error: unknown) => {
        if (killing === undefined) throw error;
      });
      if (deed.answer !== undefined) answered += 1;
      if (answered >= killAfter) killing ??= first.kill();
    });
    await killing;

    const vault = await start(next, { dataDir: first.dataDir, ports: first.ports });
    const told = `killed after ${killAfter} answers`;
    const done = deeds.filter(({ answer }) => answer !== undefined);
    const open = deeds.filter(({ answer }) => answer === undefined);
    expect(done.length, told).toBeGreaterThanOrEqual(killAfter);
    expect(new Set(done.map(({ answer, kind }) => `${kind} ${answer?.status}`)), told).toEqual(
      new Set(['write 201', 'read 200']),
    );

    // Every answered write is there; one without an answer is there whole or not at all.
    const present = new Set<Deed>();
    await inLanes(
      deeds.filter(({ kind }) => kind === 'write'),
      async (deed) => {
        const read = await vault.request('GET', `/v1/secrets/${deed.path}`, { token: first.token });
        const state = { path: deed.path, status: read.status, data: read.json.data };
        const there = { path: deed.path, status: 200, data: { value: deed.value } };
        if (read.status !== 404 || deed.answer !== undefined) expect(state, told).toEqual(there);
        if (read.status === 200) present.add(deed);
      },
    );

    const byClient = (rows: readonly AuditRow[]) =>
      Map.groupBy(rows, (row) => String(row.extra_data.client_request_id ?? ''));
    const mustHaveRow = deeds.filter((deed) => deed.answer !== undefined || present.has(deed));
    const rows = await until('a row of every answer and of every write that happened', async () => {
      const found = await allAuditRows(vault);
      const known = byClient(found);
      return mustHaveRow.every(({ clientId }) => known.has(clientId)) ? found : undefined;
    });
    const rowsOf = byClient(rows);
    for (const deed of done)
      expect(rowsOf.get(deed.clientId), told).toMatchObject([
        {
          request_id: deed.answer?.requestId,
          action: deed.kind,
          secret_path: deed.path,
          success: true,
          error_code: null,
        },
      ]);
    for (const deed of open) {
      const [row, ...more] = rowsOf.get(deed.clientId) ?? [];
      expect(more, told).toEqual([]);
      if (row === undefined) continue;
      expect(row, told).toMatchObject({ action: deed.kind, secret_path: deed.path });
      if (row.success) expect(deed.kind === 'read' || present.has(deed), `${told}: ${deed.path}`).toBe(true);
      else expect(row, told).toMatchObject({ error_code: 'unknown', extra_data: { outcome: 'unknown' } });
    }
    expect(new Set(rows.map(({ id }) => id)).size, told).toBe(rows.length);
    expect(
      rows.map(({ event_seq }) => event_seq),
      told,
    ).toEqual(rows.map((_, index) => index + 1));
    expect((await vault.stop()).code, told).toBe(0);
  }, 90_000);
});

describe.each<[first: Shape, then: Shape]>([
  ['all-in-one', 'services'],
  ['services', 'all-in-one'],
])('made as %s, opened as %s', (shape, next) => {
  it('gives back values, policies and trail', async () => {
    await using first = await startUnlimited(shape);
    succeeded(await first.request('PUT', '/v1/secrets/shape/a', { body: { data: { of: shape } } }));
    const made = succeeded(
      await first.request('POST', '/v1/policies', {
        body: { name: 'kept', rules: [{ path_pattern: 'a', permissions: ['read'] }] },
      }),
    );
    await first.stop();
    await using second = await startUnlimited(next, { dataDir: first.dataDir, ports: first.ports });
    const read = await second.request('GET', '/v1/secrets/shape/a', { token: first.token });
    expect(read.json).toMatchObject({ version: 1, data: { of: shape } });
    expect((await second.request('GET', `/v1/policies/${made.json.id}`)).json).toMatchObject({ name: 'kept' });
    expect(await allAuditRows(second, 'action=write,policy_create')).toMatchObject([
      { action: 'write', success: true },
      { action: 'policy_create', success: true },
    ]);
  });
});
