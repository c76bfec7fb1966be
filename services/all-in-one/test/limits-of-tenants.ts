import type { TestRedis } from '@scaivault/testkit/redis';
import type { Answer, Vault } from '@scaivault/testkit/start-vault';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from './expect-refusal.ts';
import { until } from './until.ts';

/** Settings of a vault, beside its Redis, whose file has these tests. */
export const limitsOfTenants = { RATE_LIMIT_SECRETS_READ: '100' };

/** The tests of them, in the vault that runs then, with its Redis. */
export const testLimitsOfTenants = (now: () => { readonly vault: Vault; readonly redis: TestRedis }): void => {
  describe('rate limits of tenants', () => {
    let { vault, redis } = {} as ReturnType<typeof now>;
    let reader: string;
    beforeAll(async () => {
      ({ vault, redis } = now());
      reader = await vault.mint({ sub: 'sa:ci', scope: 'secrets:read' });
    });

    const put = (identityId: string, limits: object, more: object = {}): Promise<Answer> =>
      vault.request('PUT', `/v1/rate-limits/${identityId}`, { body: { limits, ...more } });
    const limitOf = async (token: string): Promise<string | null> =>
      (await vault.request('GET', '/v1/secrets/limit/a', { token })).headers.get('x-ratelimit-limit');
    const ready = () => vault.request('GET', '/v1/health/ready', { token: null });

    const redisState = async (wanted: string): Promise<string | undefined> => {
      const state = (await ready()).json?.checks?.redis;
      return state === wanted ? state : undefined;
    };

    it('are in force for the very next request, whatever its service, and are gone with their entry', async () => {
      expect(await limitOf(reader)).toBe('100');
      const answer = await put('sa%3Aci', { 'secrets:read': 5 });
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual({
        identity_id: 'sa:ci',
        limits: { 'secrets:read': 5 },
        expires_at: null,
        updated_at: expect.stringMatching(/^\d{4}-.*Z$/),
        updated_by: expect.stringContaining(':'),
      });
      expect(await limitOf(reader)).toBe('5');
      expect(await limitOf(vault.token)).toBe('100');
      expect((await put('*', { 'secrets:read': 50, 'auth:read': 7 })).status).toBe(200);
      expect(await limitOf(vault.token)).toBe('50');
      const who = await vault.request('GET', '/v1/auth/whoami', { token: reader });
      expect(who.headers.get('x-ratelimit-limit')).toBe('7');
      const list = await vault.request('GET', '/v1/rate-limits');
      expect(list.json.overrides).toMatchObject([{ identity_id: '*' }, { identity_id: 'sa:ci' }]);
      expect(list.json.categories).toContainEqual({
        category: 'secrets:read',
        default_limit: 1000,
        instance_limit: 100,
      });
      for (const identityId of ['sa%3Aci', '%2A'])
        expect((await vault.request('DELETE', `/v1/rate-limits/${identityId}`)).status).toBe(204);
      expect(await limitOf(reader)).toBe('100');
      expectRefusal(await vault.request('DELETE', '/v1/rate-limits/sa%3Aci'), 404, 'not_found', {
        resource: 'rate_limit',
      });
    });

    it('refuse what they cannot be, and what a tenant admin may not give', async () => {
      expectRefusal(await put('sa%3Aci', { 'secrets:reed': 5 }), 422, 'validation_error');
      expectRefusal(await put('sa%3Aci', { 'secrets:read': 5 }, { burst: 1 }), 422, 'validation_error');
      const raise = { body: { limits: { 'secrets:read': 101 } } };
      expectRefusal(await vault.request('PUT', '/v1/rate-limits/sa%3Aci', raise), 403, 'forbidden', {
        reason: 'partner_admin_required',
        categories: ['secrets:read'],
      });
      const outsider = await vault.request('PUT', '/v1/rate-limits/sa%3Aci', { ...raise, token: reader });
      expectRefusal(outsider, 403, 'insufficient_scope');
      const carol = await vault.mint({ sub: 'carol@acme.example' });
      expect((await vault.request('PUT', '/v1/rate-limits/sa%3Aci', { ...raise, token: carol })).status).toBe(200);
      expect(await limitOf(reader)).toBe('101');
    });

    it('are ready with Redis, and serve on and stay ready without it', { timeout: 60_000 }, async (test) => {
      expect((await ready()).json).toMatchObject({ status: 'ready', checks: { redis: 'ok' } });
      const health = await vault.request('GET', '/v1/health/detailed');
      expect(health.json).toEqual({
        status: 'healthy',
        version: expect.any(String),
        uptime_seconds: expect.any(Number),
        checks: {
          database: { status: 'ok', latency_ms: expect.any(Number), pool_size: 10, pool_available: expect.any(Number) },
          redis: { status: 'ok', latency_ms: expect.any(Number), memory_used_mb: expect.any(Number) },
          encryption: { status: 'ok', key_status: 'active', last_rotation: null },
          s3: null,
          audit: { status: 'ok', journal_backlog: expect.any(Number) },
        },
      });
      const outage = redis.outage ?? test.skip('this server is not ours to stop');
      await outage.begin();
      await until('Redis is missed', () => redisState('degraded'));
      const answer = await ready();
      expect([answer.status, answer.json.status]).toEqual([200, 'ready']);
      expect((await vault.request('GET', '/v1/secrets/limit/a', { token: reader })).status).toBe(403);
      expect((await vault.request('GET', '/v1/health/detailed')).json).toMatchObject({
        status: 'degraded',
        checks: { redis: { status: 'degraded', latency_ms: null, memory_used_mb: null } },
      });
      await outage.end();
      await until('Redis is back', () => redisState('ok'));
    });
  });
};
