import type { Client } from '@connectrpc/connect';
import { SubscriptionService } from '@scaivault/contracts';
import { isVaultError } from '@scaivault/errors';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { independentSignature } from './independent-signature.ts';
import { listing } from './start-events.ts';
import { openReceiver, type Receiver, type StartedWebhooks, secret, startWebhooks } from './start-webhooks.ts';

let started: StartedWebhooks;
let receiver: Receiver;
let bob: Client<typeof SubscriptionService>;
let id: string;
beforeAll(async () => {
  started = await startWebhooks('direct');
  bob = await started.vault.client(SubscriptionService, { sub: 'usr_bob', email: 'bob@a.example', roles: [] });
});
afterAll(() => started[Symbol.asyncDispose]());
beforeEach(async () => {
  await started.inRows('truncate events.listener, events.event, events.endpoint cascade');
  started.vault.world.policies.splice(0, Number.POSITIVE_INFINITY, listing('bob', 'app/**'));
  receiver = await openReceiver();
  ({ id } = await bob.createSubscription(sentTo(receiver.url)));
  return () => receiver[Symbol.asyncDispose]();
});

const sentTo = (url: string, more: object = {}) => ({
  name: 'mine',
  paths: ['**'],
  events: ['*'],
  delivery: { type: 'webhook', url, secret, ...more },
});
const within = { timeout: 15_000, interval: 20 };
/** Deliveries by what has become of them. */
const states = async (): Promise<string[]> => {
  const rows = await started.inRows<{ status: string }>('select status from events.delivery order by id');
  return rows.map(({ status }) => status);
};
const settled = (...wanted: string[]) => vi.waitFor(async () => expect(await states()).toEqual(wanted), within);
const paths = () => receiver.received.map(({ body }) => (JSON.parse(body) as { path?: string }).path);
const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'ok',
    (error: unknown) => (isVaultError(error) ? [error.code, error.details?.reason] : error),
  );

it('sends what its owner may list, signed, and shows the secret to nobody', async () => {
  const shown = await bob.getSubscription({ subscriptionId: id });
  expect(shown.delivery).toMatchObject({ type: 'webhook', url: receiver.url });
  expect(JSON.stringify(shown, (_key, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
    secret,
  );
  const [eventId] = await started.take();
  await settled('success');
  const [{ headers, body }] = receiver.received as [Receiver['received'][number]];
  expect(JSON.parse(body)).toMatchObject({ event_id: eventId, path: 'app/db' });
  const timestamp = String(headers['x-scaivault-timestamp']);
  expect(headers['x-scaivault-signature']).toBe(independentSignature(secret, timestamp, body));
});

it('holds back what its owner may not list, without a failure of the receiver', async () => {
  await started.take(1, { path: 'ops/key' });
  await started.take(1, { eventType: 'policy.created', path: undefined });
  await started.take(1);
  await settled('failed', 'failed', 'success');
  expect(paths()).toEqual(['app/db']);
  const [endpoint] = await started.inRows('select consecutive_failures, last_status from events.endpoint');
  expect(endpoint).toEqual({ consecutive_failures: 0, last_status: 'success' });
});

it('judges each attempt: what was allowed at the first is held back at the next', async () => {
  receiver.answer((_request, response) => response.writeHead(500).end());
  await started.take();
  await vi.waitFor(() => expect(receiver.received).toHaveLength(1), within);
  await vi.waitFor(async () => {
    const [row] = await started.inRows<{ running: boolean }>('select is_running as running from events.delivery');
    expect(row?.running).toBe(false);
  }, within);
  started.vault.world.policies.length = 0;
  await started.inRows('update events.delivery set due_at = now()');
  await started.inRows('update events.endpoint set due_at = now()');
  await started.take(1, { path: 'app/other' });
  await settled('failed', 'failed');
  expect(receiver.received).toHaveLength(1);
});

it('allows nothing that depends on a request', async () => {
  started.vault.world.policies.splice(0, 1, listing('bob', 'app/**', { ip_ranges: ['0.0.0.0/0', '::/0'] }));
  await started.take();
  await settled('failed');
  expect(receiver.received).toEqual([]);
});

it('is disabled by the server after too many failures, and enabled by its owner', async () => {
  receiver.answer((_request, response) => response.writeHead(500).end());
  await started.inRows('update events.endpoint set consecutive_failures = 49');
  await started.take();
  const status = async () => (await bob.getSubscription({ subscriptionId: id })).status;
  await vi.waitFor(async () => expect(await status()).toBe('disabled'), within);
  await started.take();
  expect(receiver.received).toHaveLength(1);
  expect(started.vault.journal.outcomes.filter(({ identityId }) => identityId === 'system:events')).toMatchObject([
    { tenantId: 'tnt_a', action: 'subscription_update', success: true },
  ]);
  receiver.answer((_request, response) => response.writeHead(204).end());
  expect((await bob.updateSubscription({ subscriptionId: id, status: 'active' })).status).toBe('active');
  await started.take();
  await vi.waitFor(() => expect(receiver.received).toHaveLength(2), within);
});

it('that is paused or gone sends nothing', async () => {
  await bob.updateSubscription({ subscriptionId: id, status: 'paused' });
  await started.take();
  await bob.deleteSubscription({ subscriptionId: id });
  await started.take();
  expect(await states()).toEqual([]);
  expect(await started.inRows('select 1 from events.signing_secret')).toEqual([]);
});

it('signs with a new secret beside the former one, at a new address', async () => {
  await using other = await openReceiver();
  const next = 'the secret that comes after it';
  await bob.updateSubscription({ subscriptionId: id, delivery: { url: other.url, secret: next } });
  await started.take();
  await settled('success');
  const [{ headers, body }] = other.received as [Receiver['received'][number]];
  const by = (key: string) => independentSignature(key, String(headers['x-scaivault-timestamp']), body);
  expect(headers['x-scaivault-signature']).toBe(by(next));
  expect(headers['x-scaivault-signature-previous']).toBe(by(secret));
});

it('is not polled, has no buffer, and takes no target that is not allowed', async () => {
  expect(await codeOf(bob.pollSubscription({ subscriptionId: id }))).toEqual(['validation_error', undefined]);
  expect(await codeOf(bob.acknowledgeEvents({ subscriptionId: id, eventIds: ['x'] }))).toEqual([
    'validation_error',
    undefined,
  ]);
  const create = (url: string, more: object = {}) => codeOf(bob.createSubscription(sentTo(url, more)));
  expect(await create('https://10.0.0.1/hook')).toEqual(['invalid_config', 'target_not_allowed']);
  expect(await create(receiver.url, { secret: 'short' })).toEqual(['validation_error', undefined]);
  expect(await create(receiver.url, { secret: undefined })).toEqual(['validation_error', undefined]);
  expect(await create(receiver.url, { bufferSize: 5 })).toEqual(['validation_error', undefined]);
  const change = (delivery: object) => codeOf(bob.updateSubscription({ subscriptionId: id, delivery }));
  expect(await change({ url: 'https://169.254.169.254/' })).toEqual(['invalid_config', 'target_not_allowed']);
  expect(await change({ bufferSize: 5 })).toEqual(['validation_error', undefined]);
  expect(await change({ type: 'polling' })).toEqual(['validation_error', undefined]);
});
