import type { Answer, Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allAuditRows } from './audit-rows.ts';
import { expectRefusal } from './expect-refusal.ts';
import { succeeded } from './grant.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';
import { until } from './until.ts';

const rules = [{ path_pattern: 'app/**', permissions: ['read'] }];

describe.each(shapes)('Idempotency-Key (%s)', (shape) => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await borrowUnlimited(shape);
  });
  afterAll(() => vault?.[Symbol.asyncDispose]());

  const send = (method: string, path: string, key: string, body?: unknown): Promise<Answer> =>
    vault.request(method, path, { headers: { 'idempotency-key': key }, ...(body === undefined ? {} : { body }) });
  const put = (path: string, key: string): Promise<Answer> =>
    send('PUT', `/v1/secrets/${path}`, key, { data: { value: `value of ${path}` } });
  const seen = ({ status, headers, text }: Answer) => ({
    status,
    text,
    etag: headers.get('etag'),
    location: headers.get('location'),
  });

  it('gives the first answer again, whole', async () => {
    const calls = [
      () => put('keyed/a', 'secret'),
      () => send('POST', '/v1/policies', 'policy', { name: 'once', rules }),
    ];
    const replays = new Set<string>();
    for (const call of calls) {
      const first = succeeded(await call());
      const second = await call();
      replays.add(second.headers.get('x-request-id') ?? '');
      expect(first.status).toBe(201);
      expect(seen(second)).toEqual(seen(first));
      expect(first.headers.has('idempotency-replayed')).toBe(false);
      expect(second.headers.get('idempotency-replayed')).toBe('true');
      expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    }
    expect((await vault.request('GET', '/v1/secrets/keyed/a')).json.version).toBe(1);
    const rows = await until('a row of each', async () => {
      const found = (await allAuditRows(vault)).filter(({ request_id }) => replays.has(request_id));
      return found.length >= 2 ? found : undefined;
    });
    for (const { extra_data } of rows) expect(extra_data.idempotent_replay).toBe(true);
    expect(rows.map(({ action, success }) => ({ action, success }))).toEqual(
      expect.arrayContaining([
        { action: 'write', success: true },
        { action: 'policy_create', success: true },
      ]),
    );
  });

  it('refuses another method, path or body under the same key', async () => {
    const others = [
      () => put('keyed/other', 'secret'),
      () => send('PUT', '/v1/secrets/keyed/a', 'secret', { data: { value: 'another' } }),
      () => send('POST', '/v1/secrets/keyed/a:destroy', 'secret', { versions: [1] }),
      () => send('PUT', '/v1/partner/secrets/keyed/a', 'secret', { data: { value: 'value of keyed/a' } }),
    ];
    const [first, ...tenantAdmins] = await Promise.all(others.map((call) => call()));
    for (const answer of [first!, ...tenantAdmins.slice(0, -1)])
      expectRefusal(answer, 409, 'idempotency_conflict', { reason: 'mismatch' });
    // A tenant admin may not change the partner's secrets; that comes first.
    expectRefusal(tenantAdmins.at(-1)!, 403, 'forbidden');
  });

  it.each(['x'.repeat(129), 'é'])('refuses the key %j where keys count, and nowhere else', async (key) => {
    expectRefusal(await put('keyed/malformed', key), 400, 'invalid_request', { header: 'idempotency-key' });
    succeeded(await send('GET', '/v1/secrets/keyed/a', key));
  });
});
