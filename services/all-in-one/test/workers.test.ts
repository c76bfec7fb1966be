import { readFileSync } from 'node:fs';
import { type StartedVault, serviceProcessesBelow, startVault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allAuditRows } from './audit-rows.ts';
import { expectRefusal } from './expect-refusal.ts';
import { grant, succeeded } from './grant.ts';
import { rawRequest } from './raw-request.ts';
import { shapes, unlimited } from './unlimited-vault.ts';
import { until } from './until.ts';

const readsPerMinute = 120;
/** On a machine with more to do. */
const startsWithinMs = 40_000;
const many = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe.each(shapes)('two workers (%s)', (shape) => {
  let vault: StartedVault;
  beforeAll(async () => {
    vault = await startVault({
      shape,
      env: { ...unlimited, WORKERS: '2', RATE_LIMIT_SECRETS_READ: String(readsPerMinute), METRICS_BIND_ADDRESS: '' },
    });
  });
  afterAll(() => vault?.[Symbol.asyncDispose]());

  /** Each on a connection of its own, which the system deals out: eight reach both workers all but once in 128 times. */
  const read = (path: string, token: string) => rawRequest(vault, { path: `/v1/secrets/${path}`, token });
  const readOften = (path: string, token: string) => Promise.all(many(8).map(() => read(path, token)));
  const put = (path: string, value: number) =>
    vault.request('PUT', `/v1/secrets/${path}`, { body: { data: { value } } });
  const workers = async (): Promise<readonly number[]> =>
    (await serviceProcessesBelow(vault.pid)).filter((pid) =>
      readFileSync(`/proc/${pid}/environ`, 'utf8').includes('SCAIVAULT_WORKER='),
    );

  it('know at once, each, what came through the other one', async () => {
    const token = await vault.mint({ sub: 'sa:ci', scope: 'secrets:read' });
    for (const value of many(5)) {
      succeeded(await put('workers/one', value));
      const { policyId } = await grant(vault, 'sa:ci', [{ path_pattern: 'workers/**', permissions: ['read'] }]);
      for (const answer of await readOften('workers/one', token)) expect(answer.json?.data).toEqual({ value });
      succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
      for (const answer of await readOften('workers/one', token)) expectRefusal(answer, 403, 'access_denied');
    }
  });

  it('share one budget of requests without a Redis', async () => {
    const token = await vault.mint({ sub: 'carol@acme.example', scope: 'secrets:read' });
    const startedAt = performance.now();
    const statuses: number[] = [];
    while (statuses.length < readsPerMinute * 3) {
      const answers = await Promise.all(many(10).map(() => read('workers/budget', token)));
      statuses.push(...answers.map(({ status }) => status));
    }
    const admitted = statuses.filter((status) => status !== 429).length;
    const refilled = (readsPerMinute * (performance.now() - startedAt)) / 60_000;
    expect(admitted).toBeGreaterThanOrEqual(readsPerMinute);
    // Two budgets would be half as many again at least.
    expect(admitted).toBeLessThanOrEqual(readsPerMinute * 1.2 + refilled);
  });

  it('count together for whoever reads their metrics', async () => {
    const reads = async (): Promise<number> => {
      const { text } = await vault.request('GET', '/v1/metrics', { token: null });
      const counts = text.matchAll(/requests_total\{(?=[^}]*secrets:read)[^}]*\} (\d+)/g);
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const before = await reads();
    await readOften('workers/absent', vault.token);
    expect((await reads()) - before).toBe(8);
  });

  it('lose no record of what was answered when one of them is killed, and are two again', {
    timeout: 100_000,
  }, async () => {
    const token = await vault.mint({ sub: 'usr_alice', scope: 'secrets:read', roles: ['tenant_admin'] });
    const [victim = 0, other = 0] = await workers();
    const answered: string[] = [];
    const callers = many(8).map(async () => {
      for (const _ of many(8)) {
        const answer = await read('workers/one', token).catch(() => undefined);
        if (answer?.status !== 200) continue;
        answered.push(answer.headers.get('x-request-id') ?? '');
        if (answered.length === 16) process.kill(victim, 'SIGKILL');
      }
    });
    await Promise.all(callers);
    const whole = await until(
      'another worker in its place',
      async () => {
        const now = await workers();
        return now.length === 2 && !now.includes(victim) ? now : undefined;
      },
      startsWithinMs,
    );
    expect(whole).toContain(other);
    expect(answered.length).toBeGreaterThan(20);
    await until(
      'a row of each answer',
      async () => {
        const rows = new Set((await allAuditRows(vault, 'path_prefix=workers')).map(({ request_id }) => request_id));
        return answered.every((id) => rows.has(id)) || undefined;
      },
      startsWithinMs,
    );
  });

  it('stop with the process that started them', async () => {
    const { code, ms } = await vault.stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(5_000);
    expect(await workers()).toEqual([]);
  });
});
