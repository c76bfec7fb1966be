import type { Client } from '@connectrpc/connect';
import type { SubscriptionService } from '@scaivault/contracts';
import { isVaultError } from '@scaivault/errors';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createWaitingRoom } from '../src/app/subscriptions/waiting-room.ts';
import { createWakeWaitingPolls } from '../src/app/subscriptions/wake-waiting-polls.ts';
import { createBufferTable } from '../src/store/buffer-table.ts';
import { listing, polling, type StartedEvents, startEvents } from './start-events.ts';

type Subscriptions = Client<typeof SubscriptionService>;

describeOnEveryWire('a poll that waits', (wire) => {
  let started: StartedEvents;
  /** Another process on the same database. */
  let replica: StartedEvents;
  let bob: Subscriptions;
  let id: string;
  let polls = 0;
  beforeAll(async () => {
    started = await startEvents(wire);
    replica = await startEvents(wire, started.database);
    bob = await started.user('bob');
  });
  afterAll(async () => {
    await replica[Symbol.asyncDispose]();
    await started[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await started.inRows('delete from listener');
    for (const { vault } of [started, replica])
      vault.world.policies.splice(0, Number.POSITIVE_INFINITY, listing('bob', 'app/**'));
    ({ id } = await bob.createSubscription(polling()));
    polls = 0;
  });

  interface Result {
    readonly ids: readonly string[];
    readonly ms: number;
    readonly code: string;
  }
  const poll = async (who = bob, options: object = {}, more: object = {}): Promise<Result> => {
    const from = performance.now();
    const result = (ids: readonly string[], code: string) => ({ ids, code, ms: performance.now() - from });
    try {
      const { events } = await who.pollSubscription({ subscriptionId: id, timeout: 20, ...more }, options);
      return result(
        events.map(({ eventId }) => eventId),
        'ok',
      );
    } catch (error) {
      if (!isVaultError(error)) throw error;
      return result([], error.code);
    }
  };
  /** A poll that has begun, as the database tells. */
  const begin = async (
    who = bob,
    options: object = {},
    more: object = {},
  ): Promise<{ readonly result: Promise<Result> }> => {
    polls += 1;
    const result = poll(who, options, more);
    const number = async () => {
      const [row] = await started.inRows(`select poll_number as n from buffer where subscription_id = '${id}'`);
      return (row as { n: number }).n;
    };
    await expect.poll(number, { timeout: 5_000, interval: 10 }).toBe(polls);
    return { result };
  };
  const soon = 10_000;

  it('is answered when an event comes', async () => {
    const { result } = await begin();
    const [eventId] = await started.ship({});
    const { ids, ms } = await result;
    expect(ids).toEqual([eventId]);
    expect(ms).toBeLessThan(soon);
  });

  it('is answered by an event that another process took', async () => {
    const { result } = await begin();
    const [eventId] = await replica.ship({});
    expect((await result).ids).toEqual([eventId]);
  });

  it('goes on waiting while what comes is none of its business', async () => {
    const { result } = await begin();
    await started.ship({ path: 'ops/key' }, { tenantId: 'tnt_b' });
    const [eventId] = await started.ship({});
    expect((await result).ids).toEqual([eventId]);
  });

  it('is judged by the policies in force when the event comes, not when it began', async () => {
    const { result } = await begin();
    started.vault.world.policies.splice(0, 1, listing('bob', 'ops/*'));
    const [, eventId] = await started.ship({}, { path: 'ops/key' });
    expect((await result).ids).toEqual([eventId]);
  });

  it('is refused when its caller has lost the right to call meanwhile', async () => {
    const { result } = await begin();
    const { world } = started.vault;
    const tenant = world.tenants.get('tnt_a');
    try {
      if (tenant !== undefined) world.tenants.set('tnt_a', { ...tenant, status: 'SUSPENDED' });
      await started.ship({});
      expect((await result).code).toBe('forbidden');
    } finally {
      if (tenant !== undefined) world.tenants.set('tnt_a', tenant);
    }
  });

  it('ends empty when a newer one comes, here or in another process', async () => {
    const first = await begin();
    const second = await begin();
    expect(await first.result).toMatchObject({ ids: [], code: 'ok' });
    const third = await begin(await replica.user('bob', {}));
    const { ids, ms } = await second.result;
    expect(ids).toEqual([]);
    expect(ms).toBeLessThan(soon);
    const [eventId] = await started.ship({});
    expect((await third.result).ids).toEqual([eventId]);
  });

  it('is one of two that begin in the same moment, and one of them ends', async () => {
    const both = [poll(), poll()];
    const number = async () => {
      const [row] = await started.inRows(`select poll_number as n from buffer where subscription_id = '${id}'`);
      return (row as { n: number }).n;
    };
    await expect.poll(number, { timeout: 5_000, interval: 10 }).toBe(2);
    expect((await Promise.race(both)).ids).toEqual([]);
    const [eventId] = await started.ship({});
    expect((await Promise.all(both)).flatMap(({ ids }) => ids)).toEqual([eventId]);
  });

  it('ends with its subscription', async () => {
    const { result } = await begin();
    await bob.deleteSubscription({ subscriptionId: id });
    expect((await result).code).toBe('subscription_not_found');
  });

  it('ends empty before its deadline', async () => {
    const { result } = await begin(bob, { timeoutMs: 1_500 });
    const { code, ms } = await result;
    expect(code).toBe('ok');
    expect(ms).toBeLessThan(1_500);
  });

  it('ends empty when its time is over', async () => {
    const { result } = await begin(bob, {}, { timeout: 1 });
    const { ids, code, ms } = await result;
    expect([ids, code]).toEqual([[], 'ok']);
    expect(ms).toBeGreaterThan(900);
  });

  it('ends when its client goes away', async () => {
    const client = new AbortController();
    const { result } = await begin(bob, { signal: client.signal });
    client.abort();
    expect((await result).code).toBe('service_unavailable');
    // It waits no more, so what comes now is nobody's: no row tells of a hand-out.
    started.vault.journal.outcomes.length = 0;
    await started.ship({});
    const next = await poll();
    expect(next.ids).toHaveLength(1);
    expect(started.vault.journal.outcomes.filter(({ action }) => action === 'subscription_event')).toHaveLength(1);
  });

  it('costs no session of its own, however many there are', async () => {
    const ids = [id];
    for (let i = 0; i < 10; i += 1) ids.push((await bob.createSubscription(polling())).id);
    const all = ids.map((subscriptionId) => poll(bob, {}, { subscriptionId }));
    const count = async (): Promise<number> => {
      const [row] = await started.inRows('select count(*) as n from buffer where poll_number > 0');
      return (row as { n: number }).n;
    };
    await expect.poll(count, { timeout: 5_000 }).toBe(ids.length);
    const sessions = await started.inRows(`
      select 1 from pg_stat_activity
      where datname = current_database() and application_name = 'scaivault-events'`);
    // Two processes, each with a pool of four and one that listens.
    expect(sessions.length).toBeLessThanOrEqual(2 * (4 + 1));
    await started.ship({});
    for (const { ids: seen } of await Promise.all(all)) expect(seen).toHaveLength(1);
  });

  it('is found by the sweep when it has missed its notice', async () => {
    const buffers = createBufferTable(started.db);
    const scopeId = 't:tnt_a' as never;
    const sit = async (number: number) => {
      const room = createWaitingRoom<typeof scopeId>();
      const seat = room.take({ scopeId, id, waitMs: 60_000, signal: new AbortController().signal });
      seat.begin(number);
      const sweep = createWakeWaitingPolls({ buffers, room });
      const said = seat.next(0);
      await sweep();
      const word = await Promise.race([said, Promise.resolve('nothing')]);
      seat.leave();
      return word;
    };
    const number = (await buffers.beginPoll(scopeId, id)) ?? 0;
    expect(await sit(number)).toBe('nothing');
    await started.ship({});
    expect(await sit(number)).toBe('news');
    await buffers.beginPoll(scopeId, id);
    expect(await sit(number)).toBe('over');
  });

  it('ends empty at once when the process is to stop, and so does one that comes then', async () => {
    const other = await startEvents(wire, started.database);
    other.vault.world.policies.push(listing('bob', 'app/**'));
    const there = await other.user('bob');
    const { result } = await begin(there);
    other.vault.module.drain?.();
    expect(await result).toMatchObject({ ids: [], code: 'ok' });
    expect(await poll(there)).toMatchObject({ ids: [], code: 'ok' });
    const [eventId] = await started.ship({});
    expect((await poll(there)).ids).toEqual([eventId]);
    await other[Symbol.asyncDispose]();
  });
});
