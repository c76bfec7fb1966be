import { create, type DescMessage, type Message } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { BatchReadResponseSchema, BatchSecretSchema, type PutSecretRequest } from '@scaivault/contracts';
import type { ProcessKit } from '@scaivault/pipeline';
import { createLogger, createMetrics, loadConfiguration } from '@scaivault/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGatewayModule, type GatewayModule } from '../src/module.ts';

interface SentCall {
  readonly rpc: string;
  readonly metadata: Headers;
  readonly message: Message;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** Takes every call, remembers it and answers with what the test wants or with an empty message. */
const createFakeService = () => {
  const calls: SentCall[] = [];
  const fake = { calls, answer: undefined as Message | undefined, hangs: false };
  const unary = async (
    method: { readonly name: string; readonly output: DescMessage; readonly parent: unknown },
    signal: AbortSignal | undefined,
    timeoutMs: number,
    metadata: Record<string, string>,
    message: Message,
  ) => {
    calls.push({ rpc: method.name, metadata: new Headers(metadata), message, signal, timeoutMs });
    if (fake.hangs)
      await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('gone'))));
    const answer = fake.answer ?? create(method.output);
    return {
      stream: false,
      service: method.parent,
      method,
      header: new Headers(),
      trailer: new Headers(),
      message: answer,
    };
  };
  return Object.assign(fake, { transport: { unary } as unknown as Transport });
};

const service = createFakeService();
let gateway: GatewayModule;
beforeAll(async () => {
  const config = loadConfiguration({ BIND_ADDRESS: '127.0.0.1:0', METRICS_BIND_ADDRESS: '' });
  const kit = { authenticate: () => ({}), checks: {} } as unknown as ProcessKit;
  gateway = await createGatewayModule(
    {
      config,
      logger: createLogger({ service: 'gateway', level: 'error', format: 'json' }),
      metrics: createMetrics('gateway', '0', '0'),
      nowMs: Date.now,
      transportTo: () => service.transport,
    },
    kit,
  );
  await gateway.start();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  service.calls.length = 0;
  service.answer = undefined;
  service.hangs = false;
});

const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) =>
  await fetch(`http://127.0.0.1:${gateway.port()}${path}`, {
    method,
    headers: {
      authorization: 'Bearer x',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const sent = (): SentCall => {
  const [call] = service.calls;
  if (call === undefined) throw new Error('No service was called.');
  return call;
};

it("sends calls about a partner's objects on as such, and no others", async () => {
  await send('GET', '/v1/partner/secrets/app/db', { 'X-Partner-ID': 'ptn_y', 'X-Tenant-ID': 'tnt_b' });
  expect(sent().rpc).toBe('ReadSecret');
  expect(Object.fromEntries(sent().metadata)).toMatchObject({
    'x-object-scope': 'partner',
    'x-partner-id': 'ptn_y',
    'x-tenant-id': 'tnt_b',
  });
  service.calls.length = 0;
  await send('GET', '/v1/secrets/app/db', { 'X-Object-Scope': 'partner' });
  expect(sent().metadata.has('x-object-scope')).toBe(false);
  expect((await send('GET', '/v1/t/tnt_a/partner/secrets')).status).toBe(404);
});

it('brings which members of an object were null, as the object that they are of', async () => {
  const options = { rotation_policy_id: null, notify_before: ['30d'], max_versions: 3 };
  await send('PUT', '/v1/secrets/app/db', {}, { data: { k: 1 }, options });
  const { options: read } = sent().message as PutSecretRequest;
  expect(read).toMatchObject({ maxVersions: 3, nulls: ['rotation_policy_id'] });
  expect(Buffer.from(read?.notifyBefore ?? []).toString()).toBe('["30d"]');
});

it('answers with an object by path, whatever a secret is called', async () => {
  const secret = (version: number) =>
    create(BatchSecretSchema, { data: Buffer.from(`{"k":1e400}`), version, secretType: 'kv' });
  service.answer = create(BatchReadResponseSchema, {
    secrets: Object.fromEntries([
      ['__proto__', secret(1)],
      ['app/db', secret(2)],
    ]),
    summary: { requested: 2, succeeded: 2 },
  });
  const response = await send('POST', '/v1/secrets/batch', {}, { paths: ['__proto__', 'app/db'] });
  expect(sent().message).toMatchObject({ paths: ['__proto__', 'app/db'] });
  expect(await response.text()).toBe(
    '{"secrets":{"__proto__":{"data":{"k":1e400},"version":1,"secret_type":"kv"},' +
      '"app/db":{"data":{"k":1e400},"version":2,"secret_type":"kv"}},' +
      '"errors":{},"summary":{"requested":2,"succeeded":2,"failed":0}}',
  );
});

it('serves secret policies', async () => {
  await send('POST', '/v1/secret-policies:preview', {}, { fields: [{ name: 'k', generator: 'hex' }] });
  await send('PATCH', '/v1/secret-policies/sp_1', {}, { description: null });
  expect(service.calls.map(({ rpc }) => rpc)).toEqual(['PreviewFields', 'UpdateSecretPolicy']);
});

describe('a call that may wait', () => {
  const poll = (signal?: AbortSignal) =>
    fetch(`http://127.0.0.1:${gateway.port()}/v1/subscriptions/sub_1/poll`, {
      headers: { authorization: 'Bearer x' },
      ...(signal === undefined ? {} : { signal }),
    });

  it('has the time of its wait beyond that of any other', async () => {
    await poll();
    await send('GET', '/v1/subscriptions/sub_1');
    const [waiting = 0, other = 0] = service.calls.map(({ timeoutMs }) => timeoutMs);
    expect(waiting - other).toBe(60_000);
  });

  it('ends with its client', async () => {
    service.hangs = true;
    const client = new AbortController();
    const answer = poll(client.signal);
    await expect.poll(() => service.calls.length).toBe(1);
    expect(sent().signal?.aborted).toBe(false);
    client.abort();
    await expect(answer).rejects.toThrow();
    await expect.poll(() => sent().signal?.aborted).toBe(true);
  });

  it('is answered empty when the gateway stops, and holds nobody up', async () => {
    service.hangs = true;
    const answer = poll();
    await expect.poll(() => service.calls.length).toBe(1);
    await gateway.stop();
    const response = await answer;
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ events: [], has_more: false, dropped_count: 0, overflowed: false });
  });
});
