import type { Database } from '@scaivault/db';
import { createMetrics } from '@scaivault/runtime';
import type { ScopeId } from '@scaivault/tenancy';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { addEvents } from '../src/add-events.ts';
import { createMeasureBacklog } from '../src/measure-backlog.ts';
import { createOutboxTable, type OutboxEvent, type OutboxTable } from '../src/outbox-table.ts';
import { type Relay, startRelay } from '../src/start-relay.ts';
import { openOutbox } from './open-outbox.ts';
import { expiry, openService, scopeA } from './service.ts';

let opened: Awaited<ReturnType<typeof openOutbox>>;
let db: Database;
let table: OutboxTable;
const relays: Relay[] = [];

beforeAll(async () => {
  opened = await openOutbox();
  ({ db } = opened);
  table = createOutboxTable(db);
});
afterAll(() => opened.close());
beforeEach(async () => {
  await opened.owner`delete from dbtest.outbox`;
});
afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.stop();
});

const add = (...events: readonly [string, number][]) =>
  db.withScope(scopeA, async (tx) =>
    addEvents(
      tx,
      events.map(([path, version]) => expiry(path, version)),
    ),
  );
const left = async () => (await opened.owner`select position from dbtest.outbox`).length;
const named = (events: readonly OutboxEvent[]) => events.map(({ path, data }) => `${path} ${JSON.parse(data).version}`);
const idsOf = (events: readonly OutboxEvent[]) => events.map(({ id }) => id);
const isRising = (ids: readonly string[]) => ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ''));

const relay = (ship: (events: readonly OutboxEvent[]) => Promise<void>, of = db, failures: unknown[] = []): Relay => {
  const started = startRelay({
    db: of,
    table: createOutboxTable(of),
    ship,
    onFailure: (error) => failures.push(error),
    sweepEveryMs: 60_000,
  });
  relays.push(started);
  return started;
};

describe('an event', () => {
  it('is there as it was added, once its transaction is committed', async () => {
    await add(['app/db', 7]);
    const [event] = await table.take(10);
    expect(event).toEqual({
      position: expect.any(Number),
      id: expect.stringMatching(/^evt_[0-9A-Z]{26}$/),
      scopeId: scopeA,
      type: 'secret.expired',
      atMicros: 1_790_000_000_123_456,
      identityId: 'system:tests',
      path: 'app/db',
      requestId: null,
      data: '{"version":7,"expires_at":"2027-01-01T00:00:00Z"}',
      secretType: 'kv',
      tags: ['crm', 'eu'],
    });
  });

  it('without tags, path and secret is taken like any other, several in one go', async () => {
    await db.withScope(scopeA, async (tx) =>
      addEvents(tx, [{ ...expiry('a', 1), path: null, secret: null }, expiry('b', 2)]),
    );
    const taken = await table.take(10);
    expect(taken.map(({ path, secretType, tags }) => [path, secretType, tags])).toEqual([
      [null, null, []],
      ['b', 'kv', ['crm', 'eu']],
    ]);
  });

  it('is not there when its transaction is undone', async () => {
    await expect(
      db.withScope(scopeA, async (tx) => {
        addEvents(tx, [expiry('app/db', 1)]);
        throw new Error('undone');
      }),
    ).rejects.toThrow('undone');
    expect(await left()).toBe(0);
  });

  it('can be added for the own scope only, and its row is not shown to the service', async () => {
    await expect(
      db.withScope('t:tnt_b' as ScopeId, async (tx) => addEvents(tx, [expiry('app/db', 1)])),
    ).rejects.toMatchObject({ sqlState: '42501' });
    await expect(db.withScope(scopeA, (tx) => tx`select data from outbox`)).rejects.toMatchObject({
      sqlState: '42501',
    });
  });
});

describe('event ids', () => {
  it('stay the same however often the events are taken', async () => {
    await add(['a', 1], ['b', 1], ['a', 2]);
    const first = await table.take(10);
    expect(await table.take(10)).toEqual(first);
    expect(isRising(idsOf(first))).toBe(true);
  });

  it('rise over batches, processes and clocks that are set back', async () => {
    await add(['a', 1]);
    const [first] = await table.take(10);
    // As if the process before this one had been far ahead of the time.
    const ahead = `evt_7${(first?.id ?? '').slice(5)}`;
    await opened.owner`update dbtest.outbox_head set last_id = ${ahead}`;
    await add(['a', 2], ['a', 3]);
    const ids = idsOf(await table.take(10)).slice(1);
    expect(isRising([ahead, ...ids])).toBe(true);
    await opened.owner`update dbtest.outbox_head set last_id = ''`;
  });

  it('are given out once when two processes take at the same time', async () => {
    await add(['a', 1], ['b', 1]);
    const [one, other] = await Promise.all([table.take(10), table.take(10)]);
    expect(one).toEqual(other);
  });
});

describe('the backlog', () => {
  const metrics = createMetrics('test', '0', 'test');
  const measured = async (): Promise<readonly (number | undefined)[]> => {
    await createMeasureBacklog({ table, metrics, schema: 'dbtest' })();
    const gauges = await Promise.all([metrics.outboxBacklog.get(), metrics.outboxOldestSeconds.get()]);
    return gauges.map(({ values }) => values.find(({ labels }) => labels.schema === 'dbtest')?.value);
  };

  it('is told as the number of events that wait and the age of the first', async () => {
    expect(await measured()).toEqual([0, 0]);
    await add(['a', 1], ['a', 2], ['b', 1]);
    await opened.owner`
      update dbtest.outbox set occurred_at = now() + case path when 'a' then interval '-90 seconds' else '1 hour' end`;
    const [events, seconds] = await measured();
    expect(events).toBe(3);
    expect(seconds).toBeGreaterThanOrEqual(90);
    expect(seconds).toBeLessThan(120);
    await table.clear(await table.take(2));
    // Happened when its writer's clock was ahead.
    expect(await measured()).toEqual([1, 0]);
    await table.clear(await table.take(1));
    expect(await measured()).toEqual([0, 0]);
  });

  it('is read off the ends of an index, however many events wait', async () => {
    await opened.owner`
      insert into dbtest.outbox (scope_id, event_type, occurred_at, identity_id, data, tags)
      select ${scopeA}, 'secret.expired', now(), 'system:tests', '{}', '{}' from generate_series(1, 5000)`;
    const blocksRead = async (): Promise<number> => {
      const [row] = await opened.owner<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }[]>`
        explain (analyze, buffers, format json) select * from dbtest.outbox_backlog()`;
      const plan = row?.['QUERY PLAN'][0]?.Plan;
      return (plan?.['Shared Hit Blocks'] ?? Number.NaN) + (plan?.['Shared Read Blocks'] ?? Number.NaN);
    };
    // The first look passes what earlier tests have deleted.
    await blocksRead();
    expect(await blocksRead()).toBeLessThan(20);
    expect(await measured()).toEqual([5000, expect.any(Number)]);
  });
});

describe('the relay', () => {
  it('ships in the order of the positions, and removes only what was taken in', async () => {
    const shipped: string[] = [];
    const failures: unknown[] = [];
    let refused = 0;
    relay(
      async (events) => {
        if (refused++ < 2) throw new Error('away');
        shipped.push(...named(events));
      },
      db,
      failures,
    );
    await add(['a', 1], ['b', 1]);
    await add(['a', 2]);
    await vi.waitFor(async () => expect(await left()).toBe(0), 5_000);
    expect(shipped).toEqual(['a 1', 'b 1', 'a 2']);
    expect(failures).toHaveLength(2);
  });

  it('is woken by a commit, long before it looks by itself', async () => {
    const shipped: string[] = [];
    relay(async (events) => void shipped.push(...named(events)));
    await add(['warm', 1]);
    await vi.waitFor(() => expect(shipped).toEqual(['warm 1']), 5_000);
    await add(['a', 1]);
    await vi.waitFor(() => expect(shipped).toEqual(['warm 1', 'a 1']), 5_000);
  });

  it('finds what commits after later positions were shipped', async () => {
    const shipped: string[] = [];
    relay(async (events) => void shipped.push(...named(events)));
    let commit = (): void => {};
    const slow = db.withScope(scopeA, async (tx) => {
      addEvents(tx, [expiry('slow', 1)]);
      await new Promise<void>((resolve) => {
        commit = resolve;
      });
    });
    await vi.waitFor(async () => {
      const rows = await opened.owner`
        select 1 from pg_stat_activity where state = 'idle in transaction' and query like '%insert into outbox%'`;
      expect(rows).toHaveLength(1);
    }, 5_000);
    await add(['quick', 1]);
    await vi.waitFor(() => expect(shipped).toEqual(['quick 1']), 5_000);
    commit();
    await slow;
    await vi.waitFor(() => expect(shipped).toEqual(['quick 1', 'slow 1']), 5_000);
    await vi.waitFor(async () => expect(await left()).toBe(0), 5_000);
  });

  it('goes through a backlog batch by batch', async () => {
    const sizes: number[] = [];
    await add(...Array.from({ length: 450 }, (_, index): [string, number] => ['a', index]));
    relay(async (events) => void sizes.push(events.length));
    await vi.waitFor(async () => expect(await left()).toBe(0), 10_000);
    expect(sizes).toEqual([200, 200, 50]);
  });

  it('runs in one process at a time, and in the next one as soon as that is gone', async () => {
    const shipped: string[] = [];
    const as = (name: string) => (events: readonly OutboxEvent[]) => {
      shipped.push(...named(events).map((text) => `${name} ${text}`));
      return Promise.resolve();
    };
    const first = relay(as('first'));
    await add(['a', 1]);
    await vi.waitFor(() => expect(shipped).toEqual(['first a 1']), 5_000);
    const second = openService(opened.url);
    relay(as('second'), second);
    for (let version = 2; version < 6; version += 1) {
      await add(['a', version]);
      await vi.waitFor(() => expect(shipped).toHaveLength(version), 5_000);
    }
    expect(shipped.filter((text) => text.startsWith('second'))).toEqual([]);
    await first.stop();
    await add(['a', 6]);
    await vi.waitFor(() => expect(shipped.at(-1)).toBe('second a 6'), 5_000);
    for (const started of relays.splice(0)) await started.stop();
    await second.close();
  });
});
