import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createDevelopmentAuthority } from '@scaivault/crypto/development-authority';
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
const listed = async (webhookId: string, more: object = {}) =>
  (await admin.listDeliveries({ webhookId, ...more })).deliveries;
const succeeded = (webhookId: string, count: number) =>
  vi.waitFor(async () => expect(await listed(webhookId, { status: 'success' })).toHaveLength(count), within);

describe('a new signing secret', () => {
  const next = 'the secret that comes after it';
  const signatures = ({ headers, body }: Awaited<ReturnType<typeof openReceiver>>['received'][number]) => {
    const timestamp = String(headers['x-scaivault-timestamp']);
    const { 'x-scaivault-signature': current, 'x-scaivault-signature-previous': previous } = headers;
    const by = (key: string) => independentSignature(key, timestamp, body);
    return { current, previous, by };
  };

  it('signs from the next attempt on, the former one beside it as long as that was asked for', async () => {
    await using receiver = await openReceiver();
    const { id: webhookId } = await admin.createWebhook(webhookTo(receiver.url));
    await admin.updateWebhook({ webhookId, secret: next, previousSecretTtl: '1h' });
    await started.take();
    await succeeded(webhookId, 1);
    const [both] = receiver.received.map(signatures);
    expect(both?.current).toBe(both?.by(next));
    expect(both?.previous).toBe(both?.by(secret));
    await started.inRows('update events.signing_secret set valid_until = now() where valid_until is not null');
    await started.take();
    await succeeded(webhookId, 2);
    const [, one] = receiver.received.map(signatures);
    expect(one?.current).toBe(one?.by(next));
    expect(one?.previous).toBeUndefined();
  });

  it('stands alone at once with a time of zero, and keeps one former secret only', async () => {
    await using receiver = await openReceiver();
    const { id: webhookId } = await admin.createWebhook(webhookTo(receiver.url));
    await admin.updateWebhook({ webhookId, secret: next, previousSecretTtl: '0s' });
    await started.take();
    await succeeded(webhookId, 1);
    const [alone] = receiver.received.map(signatures);
    expect([alone?.current, alone?.previous]).toEqual([alone?.by(next), undefined]);
    await admin.updateWebhook({ webhookId, secret: 'a third one, of 16 bytes' });
    await admin.updateWebhook({ webhookId, secret: 'the fourth one, of many bytes' });
    await started.take();
    await succeeded(webhookId, 2);
    const [, last] = receiver.received.map(signatures);
    expect(last?.current).toBe(last?.by('the fourth one, of many bytes'));
    expect(last?.previous).toBe(last?.by('a third one, of 16 bytes'));
  });
});

describe('fifty failures in a row', () => {
  it('disable a webhook, give up what waits, and are told to those who listen', async () => {
    await using dead = await openReceiver((_request, response) => response.writeHead(503).end());
    await using alive = await openReceiver();
    const { id: webhookId } = await admin.createWebhook(webhookTo(dead.url, { name: 'dead' }));
    const listener = await admin.createWebhook(webhookTo(alive.url, { events: ['webhook.disabled'] }));
    await started.inRows(`update events.endpoint set consecutive_failures = 48 where id = '${webhookId}'`);
    await started.take();
    await vi.waitFor(
      async () => expect(await listed(webhookId)).toMatchObject([{ attempt: 1, status: 'pending' }]),
      within,
    );
    await vi.waitFor(async () => {
      expect(await admin.readWebhook({ webhookId })).toMatchObject({ status: 'failing', enabled: true });
    }, within);
    await started.take();
    await succeeded(listener.id, 1);
    expect(await admin.readWebhook({ webhookId })).toMatchObject({ status: 'disabled', enabled: false });
    await vi.waitFor(async () => expect(await listed(webhookId, { status: 'failed' })).toHaveLength(2), within);
    expect(JSON.parse(alive.received[0]?.body ?? '')).toMatchObject({
      event_type: 'webhook.disabled',
      tenant_id: 'tnt_a',
      partner_id: 'ptn_x',
      identity_id: 'system:events',
      data: { webhook_id: webhookId, name: 'dead', consecutive_failures: 50, last_response_code: 503 },
    });
    const ownDeeds = started.vault.journal.outcomes.filter(({ identityId }) => identityId === 'system:events');
    expect(ownDeeds).toMatchObject([
      { tenantId: 'tnt_a', identityType: 'system', action: 'webhook_update', success: true },
    ]);
    expect(JSON.parse(Buffer.from(ownDeeds[0]?.extraData ?? '').toString())).toEqual({
      webhook_id: webhookId,
      changed_fields: ['enabled'],
      consecutive_failures: 50,
      last_response_code: 503,
    });
    const before = dead.received.length;
    await started.take();
    await succeeded(listener.id, 1);
    expect(dead.received).toHaveLength(before);
  });

  it('begin anew with each success', async () => {
    await using receiver = await openReceiver();
    const { id: webhookId } = await admin.createWebhook(webhookTo(receiver.url));
    await started.inRows('update events.endpoint set consecutive_failures = 49');
    await started.take();
    await succeeded(webhookId, 1);
    const [row] = await started.inRows<{ n: number }>('select consecutive_failures as n from events.endpoint');
    expect(row?.n).toBe(0);
  });
});

describe('a test', () => {
  it('is one attempt, answered with how it went, also when the webhook is disabled', async () => {
    await using receiver = await openReceiver();
    const { id: webhookId } = await admin.createWebhook(webhookTo(receiver.url, { enabled: false }));
    const outcome = await admin.testWebhook({ webhookId });
    expect(outcome).toMatchObject({ status: 'success', responseCode: 204 });
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    expect(JSON.parse(body)).toMatchObject({ event_type: 'webhook.test', data: { webhook_id: webhookId } });
    expect(headers['x-scaivault-signature']).toBe(
      independentSignature(secret, String(headers['x-scaivault-timestamp']), body),
    );
    expect(await listed(webhookId)).toMatchObject([
      { id: outcome.deliveryId, eventType: 'webhook.test', status: 'success', attempt: 1 },
    ]);
    expect(started.vault.journal.outcomes.at(-2)).toMatchObject({ action: 'webhook_delivery', success: true });
  });

  it('is not tried again, and counts neither as failure nor in the statistics', async () => {
    await using receiver = await openReceiver((_request, response) => response.writeHead(404).end());
    const { id: webhookId } = await admin.createWebhook(webhookTo(receiver.url));
    expect(await admin.testWebhook({ webhookId })).toMatchObject({ status: 'failed', responseCode: 404 });
    const refused = await admin.createWebhook(webhookTo('http://127.0.0.1:1/'));
    const outcome = await admin.testWebhook({ webhookId: refused.id });
    expect([outcome.status, outcome.responseCode]).toEqual(['failed', undefined]);
    expect(await listed(webhookId, { status: 'failed' })).toHaveLength(1);
    expect(await listed(webhookId, { status: 'pending' })).toEqual([]);
    expect(await admin.readWebhook({ webhookId })).toMatchObject({
      status: 'healthy',
      statistics: { deliveries24h: 0 },
    });
  });

  it('reaches a receiver over TLS whose certificate is trusted', async () => {
    const authority = await createDevelopmentAuthority();
    const { certificate, key } = await authority.issue('localhost');
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, authority.certificate]);
    const server = createServer({ cert: certificate, key }, (_request, response) => response.end()).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { id: webhookId } = await admin.createWebhook(webhookTo(`https://localhost:${port}/`));
    expect(await admin.testWebhook({ webhookId })).toMatchObject({ status: 'success', responseCode: 200 });
    setDefaultCACertificates(before);
    expect(await admin.testWebhook({ webhookId })).toMatchObject({ status: 'failed' });
    expect((await listed(webhookId))[0]).toMatchObject({ error: 'tls' });
    server.closeAllConnections();
    server.close();
  });
});

describe('a redelivery', () => {
  it('sends the same event and body as a delivery of its own', async () => {
    await using receiver = await openReceiver();
    const { id: webhookId } = await admin.createWebhook(webhookTo(receiver.url));
    const [eventId] = await started.take();
    await succeeded(webhookId, 1);
    const [{ id: deliveryId = '' } = {}] = await listed(webhookId);
    const redelivery = await admin.redeliverEvent({ webhookId, deliveryId });
    expect(redelivery).toMatchObject({ eventId, status: 'pending' });
    await succeeded(webhookId, 2);
    expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body);
    expect(receiver.received[1]?.headers['x-scaivault-event-id']).toBe(eventId);
    expect(await listed(webhookId)).toMatchObject([
      { id: redelivery.deliveryId, redeliveryOf: deliveryId, attempt: 1 },
      { id: deliveryId, attempt: 1 },
    ]);
  });

  it('is made once for one Idempotency-Key', async () => {
    await using receiver = await openReceiver();
    const { id: webhookId } = await admin.createWebhook(webhookTo(receiver.url));
    await started.take();
    await succeeded(webhookId, 1);
    const [{ id: deliveryId = '' } = {}] = await listed(webhookId);
    const options = { headers: { 'idempotency-key': 'again' } };
    const first = await admin.redeliverEvent({ webhookId, deliveryId }, options);
    expect(await admin.redeliverEvent({ webhookId, deliveryId }, options)).toEqual(first);
    await succeeded(webhookId, 2);
  });

  it('is refused for a delivery that there is not, or that is of another webhook', async () => {
    await using receiver = await openReceiver();
    const { id: webhookId } = await admin.createWebhook(webhookTo(receiver.url));
    const other = await admin.createWebhook(webhookTo(receiver.url, { events: ['key.rotated'] }));
    await started.take();
    await succeeded(webhookId, 1);
    const [{ id: deliveryId = '' } = {}] = await listed(webhookId);
    for (const asked of [
      { webhookId, deliveryId: 'del_01J9ZC3V7M8Q2T5W6X0Y1A2B3C' },
      { webhookId: other.id, deliveryId },
    ])
      await expect(admin.redeliverEvent(asked)).rejects.toMatchObject({ code: 'delivery_not_found' });
  });
});

describe('the list of deliveries', () => {
  it('shows those of the last 30 days, newest first, by status and in pages', async () => {
    await using receiver = await openReceiver();
    const { id: webhookId } = await admin.createWebhook(webhookTo(receiver.url));
    await started.take(5);
    await succeeded(webhookId, 5);
    const all = (await listed(webhookId)).map(({ id }) => id);
    expect(all).toEqual(all.toSorted().toReversed());
    const first = await admin.listDeliveries({ webhookId, status: 'success', limit: 3 });
    expect(first.deliveries.map(({ id }) => id)).toEqual(all.slice(0, 3));
    const { cursor = '' } = first;
    const second = await admin.listDeliveries({ webhookId, status: 'success', limit: 3, cursor });
    expect([second.deliveries.map(({ id }) => id), second.hasMore]).toEqual([all.slice(3), false]);
    await expect(admin.listDeliveries({ webhookId, cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
    await expect(admin.listDeliveries({ webhookId, status: 'lost' })).rejects.toMatchObject({
      code: 'validation_error',
    });
    expect(await listed(webhookId, { status: 'failed' })).toEqual([]);
    await started.inRows(`update events.delivery set created_at = now() - interval '31 days' where id <> '${all[0]}'`);
    expect((await listed(webhookId)).map(({ id }) => id)).toEqual([all[0]]);
  });
});
