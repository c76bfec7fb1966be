import type { ProcessKit } from '@scaivault/pipeline';
import { createLogger, createMetrics, loadConfiguration } from '@scaivault/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGatewayModule, type GatewayModule } from '../src/module.ts';

const tokensSeen: (string | undefined)[] = [];
let gateway: GatewayModule;
beforeAll(async () => {
  const kit = {
    authenticate: (authorization: string | undefined) => {
      tokensSeen.push(authorization);
      throw new Error('This test gets no further.');
    },
    checks: {},
  } as unknown as ProcessKit;
  gateway = await createGatewayModule(
    {
      config: loadConfiguration({
        BIND_ADDRESS: '127.0.0.1:0',
        METRICS_BIND_ADDRESS: '',
        ADDRESS_LIMIT: '2',
        TRUSTED_PROXIES: '127.0.0.0/8',
      }),
      logger: createLogger({ service: 'gateway', level: 'error', format: 'json' }),
      metrics: createMetrics('gateway', '0', '0'),
      nowMs: Date.now,
      transportTo: () => {
        throw new Error('No service is called.');
      },
    },
    kit,
  );
  await gateway.start();
});
afterAll(() => gateway.stop());

const get = (path: string, address: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${gateway.port()}${path}`, { headers: { 'x-forwarded-for': address } });

it('refuses an address beyond its figure before a route or a token is looked at, and lets probes and others in', async () => {
  for (let request = 0; request < 2; request += 1) expect((await get('/v1/nowhere', '203.0.113.1')).status).toBe(404);
  const refused = await get('/v1/secrets/app/db', '203.0.113.1');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(refused.headers.has('x-ratelimit-limit')).toBe(false);
  expect(await refused.json()).toEqual({
    error: {
      code: 'rate_limited',
      message: expect.any(String),
      details: {
        category: 'address',
        limit: 2,
        window_seconds: 60,
        required: 1,
        retry_after_seconds: Number(refused.headers.get('retry-after')),
      },
      request_id: refused.headers.get('x-request-id'),
    },
  });
  expect(tokensSeen).toEqual([]);
  expect((await get('/v1/version', '203.0.113.1')).status).toBe(429);
  expect((await get('/v1/health', '203.0.113.1')).status).toBe(200);
  expect((await get('/v1/health/ready', '203.0.113.1')).status).toBe(200);
  expect((await get('/v1/version', '203.0.113.2')).status).toBe(200);
});

it('is not passed by another address in the words of the client', async () => {
  for (let request = 0; request < 2; request += 1) await get('/v1/version', `198.51.100.${request}, 203.0.113.3`);
  expect((await get('/v1/version', '198.51.100.9, 203.0.113.3')).status).toBe(429);
});
