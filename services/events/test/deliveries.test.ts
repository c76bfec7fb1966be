import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { independentSignature } from './independent-signature.ts';
import { openReceiver, type StartedWebhooks, secret, startWebhooks, webhookTo } from './start-webhooks.ts';

let started: StartedWebhooks;
let admin: Awaited<ReturnType<StartedWebhooks['admin']>>;
beforeAll(async () => {
  started = await startWebhooks('direct');
  admin = await started.admin();
});
afterAll(() => started[Symbol.asyncDispose]());
beforeEach(async () => {
  await started.inRows('truncate events.listener, events.event, events.endpoint cascade');
});

const within = { timeout: 15_000, interval: 20 };
const deliveriesOf = async (webhookId: string) => (await admin.listDeliveries({ webhookId })).deliveries;
/** Everything that waits is due now. */
const letTimePass = async (): Promise<void> => {
  await started.inRows(
    "update events.delivery set due_at = now() where status = 'pending' and not is_running; " +
      'update events.endpoint set due_at = now() where removed_at is null',
  );
  await started.take(0);
};
const settled = async (webhookId: string, status: string): Promise<void> => {
  await vi.waitFor(async () => {
    const deliveries = await deliveriesOf(webhookId);
    expect(deliveries.map((delivery) => delivery.status)).toEqual(deliveries.map(() => status));
    expect(deliveries.length).toBeGreaterThan(0);
  }, within);
};
/** The attempts made so far have all been written down. */
const attempted = async (webhookId: string, attempt: number): Promise<void> => {
  await vi.waitFor(async () => {
    const [row] = await started.inRows<{ n: number }>(
      `select count(*) as n from events.delivery
       where endpoint_id = '${webhookId}' and attempt = ${attempt} and not is_running`,
    );
    expect(row?.n).toBe(1);
  }, within);
};

describe('an event that fits a webhook', () => {
  it('is posted as its envelope, signed so that another implementation of the scheme agrees', async () => {
    await using receiver = await openReceiver();
    const { id } = await admin.createWebhook(webhookTo(receiver.url));
    const [eventId] = await started.take();
    await settled(id, 'success');
    expect(receiver.received).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    expect(JSON.parse(body)).toMatchObject({ event_id: eventId, event_type: 'secret.rotated', path: 'app/db' });
    const [stored] = await started.inRows<{ body: string }>('select body from events.event');
    expect(body).toBe(stored?.body);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'ScaiVault-Webhook/1.0',
      'x-scaivault-event-id': eventId,
      'x-scaivault-event-type': 'secret.rotated',
    });
    const timestamp = String(headers['x-scaivault-timestamp']);
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
    expect(headers['x-scaivault-signature']).toBe(independentSignature(secret, timestamp, body));
    expect(headers['x-scaivault-signature-previous']).toBeUndefined();
    expect(await deliveriesOf(id)).toMatchObject([
      { eventId, eventType: 'secret.rotated', status: 'success', attempt: 1, responseCode: 204 },
    ]);
  });

  it('is not posted by one that is disabled, asks for something else or belongs to another tenant', async () => {
    await using receiver = await openReceiver();
    await admin.createWebhook(webhookTo(receiver.url, { enabled: false }));
    await admin.createWebhook(webhookTo(receiver.url, { events: ['policy.*'] }));
    await admin.createWebhook(webhookTo(receiver.url, { filters: { pathPrefix: 'other' } }));
    await (await started.admin('tnt_b')).createWebhook(webhookTo(receiver.url));
    const { id } = await admin.createWebhook(webhookTo(receiver.url, { filters: { tags: ['crm', 'x'] } }));
    await started.take();
    await settled(id, 'success');
    expect(receiver.received).toHaveLength(1);
  });
});

describe('a delivery that fails', () => {
  it('is tried eight times, each with a time and a signature of its own, and then no more', async () => {
    await using receiver = await openReceiver((_request, response) => response.writeHead(500).end());
    const { id } = await admin.createWebhook(webhookTo(receiver.url));
    await started.take();
    const pausesMs = [30_000, 120_000, 600_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000];
    for (const [index, pauseMs] of pausesMs.entries()) {
      await attempted(id, index + 1);
      const [row] = await started.inRows<{ ms: number }>(
        'select (extract(epoch from due_at - now()) * 1000)::float8 as ms from events.delivery',
      );
      expect(Number(row?.ms)).toBeGreaterThan(pauseMs * 0.8 - 5_000);
      expect(Number(row?.ms)).toBeLessThan(pauseMs * 1.2);
      expect(await deliveriesOf(id)).toMatchObject([{ status: 'pending', error: 'http_status', responseCode: 500 }]);
      await letTimePass();
    }
    await settled(id, 'failed');
    await letTimePass();
    expect(receiver.received).toHaveLength(8);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    const [delivery] = await deliveriesOf(id);
    expect([delivery?.attempt, delivery?.nextAttemptAt]).toEqual([8, undefined]);
  });

  it('succeeds with a later attempt', async () => {
    await using receiver = await openReceiver((_request, response) => response.destroy());
    const { id } = await admin.createWebhook(webhookTo(receiver.url));
    await started.take();
    await attempted(id, 1);
    const [failed] = await deliveriesOf(id);
    expect([failed?.status, failed?.error, failed?.responseCode]).toEqual(['pending', 'connect', undefined]);
    expect(await admin.readWebhook({ webhookId: id })).toMatchObject({
      status: 'failing',
      lastDelivery: { status: 'pending' },
    });
    receiver.answer((_request, response) => response.end());
    await letTimePass();
    await settled(id, 'success');
    const [done] = await deliveriesOf(id);
    expect([done?.attempt, done?.error, done?.responseCode]).toEqual([2, undefined, 200]);
    expect(await admin.readWebhook({ webhookId: id })).toMatchObject({
      status: 'healthy',
      statistics: { deliveries24h: 2, successRate24h: 0.5 },
      lastDelivery: { status: 'success', responseCode: 200 },
    });
  });

  it('follows no redirect', async () => {
    await using other = await openReceiver();
    await using receiver = await openReceiver((_request, response) =>
      response.writeHead(302, { location: other.url }).end(),
    );
    const { id } = await admin.createWebhook(webhookTo(receiver.url));
    await started.take();
    await attempted(id, 1);
    expect(await deliveriesOf(id)).toMatchObject([{ error: 'http_status', responseCode: 302 }]);
    expect(other.received).toEqual([]);
  });

  it('never reaches a target that has moved to a refused address', async () => {
    await using receiver = await openReceiver();
    const { id } = await admin.createWebhook(webhookTo(receiver.url));
    await started.inRows(`update events.endpoint set url = replace(url, '127.0.0.1', '127.0.0.2')`);
    await started.take();
    await attempted(id, 1);
    expect(await deliveriesOf(id)).toMatchObject([{ status: 'pending', error: 'blocked_target' }]);
  });

  it('does not count while the keys are away, and is made when they are back', async () => {
    await using receiver = await openReceiver();
    const { id } = await admin.createWebhook(webhookTo(receiver.url));
    started.keySeal.isAway = true;
    await started.take();
    const isPostponed = "attempt = 0 and not is_running and due_at > now() + interval '5 seconds'";
    await vi.waitFor(async () => {
      expect(await started.inRows(`select 1 from events.delivery where ${isPostponed}`)).toHaveLength(1);
    }, within);
    expect(receiver.received).toEqual([]);
    started.keySeal.isAway = false;
    await letTimePass();
    await settled(id, 'success');
    expect(await deliveriesOf(id)).toMatchObject([{ attempt: 1 }]);
  });
});

describe('receivers that do not answer', () => {
  it('hold up nobody: with ten of them, the eleventh gets its events at once', async () => {
    await using silent = await openReceiver(() => {});
    await using quick = await openReceiver();
    for (let count = 0; count < 10; count += 1)
      await admin.createWebhook(webhookTo(silent.url, { events: ['policy.*'] }));
    await started.take(20, { eventType: 'policy.created' });
    await vi.waitFor(() => expect(silent.received).toHaveLength(80), within);
    const { id } = await admin.createWebhook(webhookTo(quick.url, { events: ['secret.*'] }));
    const begin = performance.now();
    await started.take(20);
    await vi.waitFor(() => expect(quick.received).toHaveLength(20), within);
    expect(performance.now() - begin).toBeLessThan(3_000);
    await settled(id, 'success');
    // Eight of each, and not one more.
    expect(silent.received).toHaveLength(80);
    expect(quick.mostAtOnce()).toBeLessThanOrEqual(8);
  });
});
