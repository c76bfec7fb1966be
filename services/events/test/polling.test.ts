import type { Client } from '@connectrpc/connect';
import type { PollSubscriptionResponse, SubscriptionService } from '@scaivault/contracts';
import { isVaultError } from '@scaivault/errors';
import { newId } from '@scaivault/tenancy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBufferTable } from '../src/store/buffer-table.ts';
import { listing, polling, type StartedEvents, startEvents } from './start-events.ts';

let started: StartedEvents;
let bob: Client<typeof SubscriptionService>;
let id: string;
beforeAll(async () => {
  started = await startEvents('unary');
  bob = await started.user('bob');
});
afterAll(() => started[Symbol.asyncDispose]());
beforeEach(async () => {
  await started.inRows('delete from listener');
  started.vault.world.policies.splice(0, Number.POSITIVE_INFINITY, listing('bob', 'app/**'));
  id = await subscribe();
  started.vault.journal.outcomes.length = 0;
});

const subscribe = async (more: object = {}, who = bob): Promise<string> =>
  (await who.createSubscription(polling(more))).id;
const poll = (more: object = {}, who = bob) => who.pollSubscription({ subscriptionId: id, timeout: 0, ...more });
const idsOf = ({ events }: PollSubscriptionResponse) => events.map(({ eventId }) => eventId);
const polled = async (more: object = {}, who = bob) => idsOf(await poll(more, who));
const acknowledge = async (...eventIds: string[]) =>
  (await bob.acknowledgeEvents({ subscriptionId: id, eventIds })).acknowledged;
const buffer = async () => {
  const [row] = await started.inRows(`
    select waiting, dropped, (select count(*) from buffered_event e where e.subscription_id = b.subscription_id) as rows
    from buffer b where subscription_id = '${id}'`);
  return row as { waiting: number; dropped: number; rows: number };
};

describe('a poll', () => {
  it('hands out events as their envelopes tell them', async () => {
    const [eventId] = await started.ship({});
    const { events, ...rest } = await poll();
    expect(rest).toMatchObject({ hasMore: false, droppedCount: 0, overflowed: false });
    expect(events).toMatchObject([{ eventId, eventType: 'secret.rotated', path: 'app/db' }]);
    expect(Buffer.from(events[0]?.data ?? []).toString()).toBe('{"new_version":2}');
    const atMs = Number(events[0]?.timestamp?.seconds) * 1000;
    expect(Math.abs(atMs - Date.now())).toBeLessThan(60_000);
  });

  it('hands out what matches the subscription, from its beginning on', async () => {
    id = await subscribe({ paths: ['app/*'], events: ['secret.rotated'], filters: { tags: ['crm'] } });
    const [first, , , last] = await started.ship(
      {},
      { path: 'app/db/deep' },
      { eventType: 'secret.created' },
      { path: 'app/two' },
    );
    expect(await polled()).toEqual([first, last]);
    id = await subscribe();
    expect(await polled()).toEqual([]);
  });

  it('hands out again what is not acknowledged, in the order it came', async () => {
    const [a = '', b = ''] = await started.ship({}, {});
    const [c = ''] = await started.ship({});
    expect(await polled()).toEqual([a, b, c]);
    expect(await polled()).toEqual([a, b, c]);
    expect(await acknowledge(b, 'evt_unknown', b, newId('evt'))).toBe(1);
    expect(await polled()).toEqual([a, c]);
    expect(await acknowledge(a, b, c)).toBe(2);
    expect(await polled()).toEqual([]);
    expect(await buffer()).toEqual({ waiting: 0, dropped: 0, rows: 0 });
  });

  it('hands out parts, and says whether more is there', async () => {
    const [a, b, c] = await started.ship({}, {}, {});
    expect(await poll({ maxEvents: 2 })).toMatchObject({ events: [{ eventId: a }, { eventId: b }], hasMore: true });
    expect(await poll({ maxEvents: 3 })).toMatchObject({ hasMore: false });
    expect(await poll({ maxEvents: 2, sinceEventId: b })).toMatchObject({ events: [{ eventId: c }], hasMore: false });
  });

  it('goes on behind an event, by the order in which events came', async () => {
    const early = newId('evt');
    const [a, b = ''] = await started.ship({}, {});
    const [late] = await started.ship({ eventId: early } as object);
    expect(await polled({ sinceEventId: a })).toEqual([b, late]);
    expect(await polled({ sinceEventId: b })).toEqual([late]);
    await acknowledge(b);
    expect(await polled({ sinceEventId: b })).toEqual([late]);
    expect(await polled({ sinceEventId: late })).toEqual([]);
  });

  it('goes on behind an event that is known no more by the time in its id', async () => {
    const before = newId('evt');
    const [a, b = ''] = await started.ship({}, {});
    const between = newId('evt');
    await acknowledge(b);
    expect(await polled({ sinceEventId: before })).toEqual([a]);
    expect(await polled({ sinceEventId: between })).toEqual([]);
  });

  it('hands a repeated event out once', async () => {
    const again = { eventId: newId('evt') } as object;
    await started.ship(again);
    await started.ship(again);
    expect(await polled()).toHaveLength(1);
  });
});

describe('a full buffer', () => {
  it('drops the oldest, and says so until an acknowledgement follows', async () => {
    id = await subscribe({ delivery: { type: 'polling', bufferSize: 3 } });
    const [a = '', b, c, d] = await started.ship({}, {}, {}, {});
    expect(await poll()).toMatchObject({ droppedCount: 1, overflowed: true });
    expect(await polled()).toEqual([b, c, d]);
    const [e = '', f] = await started.ship({}, {});
    expect(await poll()).toMatchObject({ droppedCount: 3, overflowed: true });
    expect(await polled()).toEqual([d, e, f]);
    expect(await acknowledge(a)).toBe(0);
    expect(await poll()).toMatchObject({ droppedCount: 0, overflowed: false });
  });

  it('counts what is lost between a poll and its acknowledgement for the next one', async () => {
    id = await subscribe({ delivery: { type: 'polling', bufferSize: 1 } });
    await started.ship({}, {});
    expect((await poll()).droppedCount).toBe(1);
    const [, last = ''] = await started.ship({}, {});
    await acknowledge(last);
    expect(await poll()).toMatchObject({ events: [], droppedCount: 2, overflowed: true });
  });

  it('takes a batch beyond its size, of which the newest stay', async () => {
    id = await subscribe({ delivery: { type: 'polling', bufferSize: 2 } });
    await started.ship({});
    const [, , , d, e] = await started.ship({}, {}, {}, {}, {});
    expect(await poll()).toMatchObject({ events: [{ eventId: d }, { eventId: e }], droppedCount: 4 });
  });

  it('that is made smaller drops what it has no room for', async () => {
    const [, , c] = await started.ship({}, {}, {});
    await bob.updateSubscription({ subscriptionId: id, delivery: { bufferSize: 1 } });
    expect(await poll()).toMatchObject({ events: [{ eventId: c }], droppedCount: 2 });
    expect(await buffer()).toEqual({ waiting: 1, dropped: 2, rows: 1 });
  });

  it('is that of one subscription alone', async () => {
    const small = await subscribe({ delivery: { type: 'polling', bufferSize: 1 } });
    await started.ship({}, {});
    expect(await poll()).toMatchObject({ droppedCount: 0 });
    expect(await polled()).toHaveLength(2);
    id = small;
    expect(await polled()).toHaveLength(1);
  });

  it('never holds more than its size, and never miscounts, whatever happens at once', async () => {
    id = await subscribe({ delivery: { type: 'polling', bufferSize: 10 } });
    const rounds = Array.from({ length: 8 }, async () => {
      const ids = await started.ship({}, {}, {}, {});
      await acknowledge(...ids.slice(0, 2));
      await polled();
    });
    await Promise.all(rounds);
    const { waiting, rows } = await buffer();
    expect(waiting).toBe(rows);
    expect(rows).toBeLessThanOrEqual(10);
  });
});

describe('what was not fetched for seven days', () => {
  const letPass = (time: string) =>
    started.inRows(`update buffered_event set buffered_at = buffered_at - interval '${time}'`);
  const expire = () => createBufferTable(started.db).expire(1000);

  it('is gone, at once for polls, and counts as lost', async () => {
    await started.ship({}, {});
    await letPass('6 days 23 hours');
    const [fresh] = await started.ship({});
    expect(await polled()).toHaveLength(3);
    await letPass('1 hour');
    expect(await polled()).toEqual([fresh]);
    expect(await expire()).toBe(1);
    expect(await buffer()).toEqual({ waiting: 1, dropped: 2, rows: 1 });
    expect(await poll()).toMatchObject({ events: [{ eventId: fresh }], droppedCount: 2, overflowed: true });
    expect(await expire()).toBe(0);
  });
});

describe('an event', () => {
  it('is handed out only to whoever may list its path at that moment', async () => {
    const [visible, hidden, deeper] = await started.ship({}, { path: 'ops/key' }, { path: 'app/db/x' });
    expect(await polled()).toEqual([visible, deeper]);
    started.vault.world.policies.splice(0, 1, listing('bob', 'ops/*'));
    expect(await polled()).toEqual([hidden]);
    started.vault.world.policies.length = 0;
    expect(await polled()).toEqual([]);
  });

  it('is judged with the context of the poll', async () => {
    const [eventId] = await started.ship({});
    started.vault.world.policies.splice(0, 1, listing('bob', 'app/**', { require_mfa: true }));
    expect(await polled()).toEqual([]);
    const withFactor = await started.user('bob', { amr: ['mfa'], auth_time: Math.floor(Date.now() / 1000) });
    expect(await polled({}, withFactor)).toEqual([eventId]);
  });

  it('is not handed out to a token that is narrowed to other paths', async () => {
    const [eventId] = await started.ship({});
    expect(await polled({}, await started.user('bob', { scv_paths: ['ops/**'] }))).toEqual([]);
    expect(await polled({}, await started.user('bob', { scv_paths: ['app/*'] }))).toEqual([eventId]);
  });

  it('that is hidden stays out of the way of the others, however many there are', async () => {
    const hidden = Array.from({ length: 400 }, () => ({ path: 'ops/key' }));
    await started.ship(...hidden);
    const [a, b] = await started.ship({}, {});
    expect(await poll({ maxEvents: 1 })).toMatchObject({ events: [{ eventId: a }], hasMore: true });
    expect(await poll({ maxEvents: 2 })).toMatchObject({ events: [{}, { eventId: b }], hasMore: false });
    await started.ship(...hidden);
    expect(await poll({ maxEvents: 2 })).toMatchObject({ events: [{}, {}], hasMore: false });
  });

  it('without a path is for tenant admins with the pattern **', async () => {
    const admin = await started.admin();
    const everything = await subscribe({}, admin);
    const twoStars = await subscribe({ paths: ['*', '*/**'] }, admin);
    const [pathless, other] = await started.ship({ eventType: 'policy.created', path: undefined }, {});
    expect(await polled({ subscriptionId: everything }, admin)).toEqual([pathless, other]);
    expect(await polled({ subscriptionId: twoStars }, admin)).toEqual([other]);
    expect(await polled()).toEqual([other]);
    const [event] = (await poll({ subscriptionId: everything }, admin)).events;
    expect(event?.path).toBeUndefined();
    const narrowed = await started.admin({ scv_paths: ['**'] });
    expect(await polled({ subscriptionId: everything }, narrowed)).toEqual([other]);
    const demoted = await started.admin({ roles: [] });
    expect(await polled({ subscriptionId: everything }, demoted)).toEqual([]);
  });

  it('of another tenant never reaches a subscription', async () => {
    const admin = await started.admin();
    id = await subscribe({}, admin);
    await started.ship({ tenantId: 'tnt_b' }, { tenantId: 'tnt_z', partnerId: 'ptn_y' });
    expect(await polled({}, admin)).toEqual([]);
  });
});

describe('a subscription', () => {
  it('that is paused hears nothing and still hands out what it has', async () => {
    const [before] = await started.ship({});
    await bob.updateSubscription({ subscriptionId: id, status: 'paused' });
    await started.ship({});
    expect(await polled()).toEqual([before]);
    await bob.updateSubscription({ subscriptionId: id, status: 'active' });
    const [after] = await started.ship({});
    expect(await polled()).toEqual([before, after]);
  });

  it('that is gone has left nothing', async () => {
    await started.ship({}, {});
    await bob.deleteSubscription({ subscriptionId: id });
    expect(await started.inRows('select 1 from buffered_event')).toEqual([]);
    expect(await started.inRows('select 1 from buffer')).toEqual([]);
  });
});

describe('the audit trail', () => {
  const rows = () =>
    started.vault.journal.outcomes.map(({ action, success, errorCode, extraData }) => [
      action,
      success ? 'ok' : errorCode,
      JSON.parse(Buffer.from(extraData).toString()) as object,
    ]);

  it('has a row for each poll that hands something out, none for others and for acknowledgements', async () => {
    await poll();
    const [a = '', b] = await started.ship({}, {});
    await poll();
    await acknowledge(a);
    expect(rows()).toEqual([
      ['subscription_event', 'ok', { subscription_id: id, event_count: 2, first_event_id: a, last_event_id: b }],
    ]);
  });

  it('has a row for a poll that is refused, unless it is malformed', async () => {
    await expect(poll({}, await started.user('eve'))).rejects.toSatisfy((error) =>
      isVaultError(error, 'subscription_not_found'),
    );
    await expect(poll({ timeout: 61 })).rejects.toSatisfy((error) => isVaultError(error, 'validation_error'));
    await expect(poll({ maxEvents: 1001 })).rejects.toSatisfy((error) => isVaultError(error, 'validation_error'));
    expect(rows()).toEqual([['subscription_event', 'subscription_not_found', { subscription_id: id }]]);
  });
});
