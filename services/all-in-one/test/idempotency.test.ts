import { randomInt } from 'node:crypto';
import type { Answer, StartedVault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { allAuditRows } from './audit-rows.ts';
import { inLanes } from './deeds.ts';
import { expectRefusal } from './expect-refusal.ts';
import { succeeded } from './grant.ts';
import { shapes, startUnlimited } from './unlimited-vault.ts';
import { until } from './until.ts';

// Each of these starts two vaults.
vi.setConfig({ testTimeout: 90_000 });

const rules = [{ path_pattern: 'app/**', permissions: ['read'] }];

describe.each(shapes)('Idempotency-Key (%s)', (shape) => {
  let vault: StartedVault;
  const vaults: StartedVault[] = [];
  const start = async (): Promise<void> => {
    const place = vault === undefined ? {} : { dataDir: vault.dataDir, ports: vault.ports };
    vault = await startUnlimited(shape, place);
    vaults.push(vault);
  };
  beforeAll(start);
  afterAll(async () => {
    for (const each of vaults.toReversed()) await each[Symbol.asyncDispose]();
  });

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
      () => put('idem/a', 'secret'),
      () => send('POST', '/v1/policies', 'policy', { name: 'once', rules }),
    ];
    for (const call of calls) {
      const first = succeeded(await call());
      const second = await call();
      expect(first.status).toBe(201);
      expect(seen(second)).toEqual(seen(first));
      expect(first.headers.has('idempotency-replayed')).toBe(false);
      expect(second.headers.get('idempotency-replayed')).toBe('true');
      expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    }
    expect((await vault.request('GET', '/v1/secrets/idem/a')).json.version).toBe(1);
    const rows = await until('a row of each', async () => {
      const found = (await allAuditRows(vault)).filter(({ extra_data }) => extra_data.idempotent_replay === true);
      return found.length >= 2 ? found : undefined;
    });
    expect(rows.map(({ action, success }) => ({ action, success }))).toEqual(
      expect.arrayContaining([
        { action: 'write', success: true },
        { action: 'policy_create', success: true },
      ]),
    );
  });

  it('refuses another method, path or body under the same key', async () => {
    const others = [
      () => put('idem/other', 'secret'),
      () => send('PUT', '/v1/secrets/idem/a', 'secret', { data: { value: 'another' } }),
      () => send('POST', '/v1/secrets/idem/a:destroy', 'secret', { versions: [1] }),
      () => send('PUT', '/v1/partner/secrets/idem/a', 'secret', { data: { value: 'value of idem/a' } }),
    ];
    const [first, ...tenantAdmins] = await Promise.all(others.map((call) => call()));
    for (const answer of [first!, ...tenantAdmins.slice(0, -1)])
      expectRefusal(answer, 409, 'idempotency_conflict', { reason: 'mismatch' });
    // A tenant admin may not change the partner's secrets; that comes first.
    expectRefusal(tenantAdmins.at(-1)!, 403, 'forbidden');
  });

  it.each(['x'.repeat(129), 'é'])('refuses the key %j where keys count, and nowhere else', async (key) => {
    expectRefusal(await put('idem/malformed', key), 400, 'invalid_request', { header: 'idempotency-key' });
    succeeded(await send('GET', '/v1/secrets/idem/a', key));
  });

  it('never doubles a write, though the vault is killed -9 amid many', async () => {
    const paths = Array.from({ length: 400 }, (_, index) => `kill/${index}`);
    const killAfter = randomInt(50, 250);
    let answered = 0;
    let killing: Promise<void> | undefined;
    await inLanes(paths, async (path) => {
      if (killing !== undefined) return;
      await put(path, path).catch((error: unknown) => {
        if (killing === undefined) throw error;
      });
      answered += 1;
      if (answered >= killAfter) killing ??= vault.kill();
    });
    await killing;
    await start();
    const database = await vault.openDatabase();
    // Instead of the minute after which the killed runs count as dead.
    await database`update secrets.idempotency set busy_until = now()`;
    const doubtful = await database`select 1 from secrets.idempotency where answer_ct is null`;
    await database.end();

    await inLanes(paths, async (path) => {
      const told = `killed after ${killAfter} answers, ${doubtful.length} in doubt: ${path}`;
      const answer = await put(path, path);
      if (answer.status === 409) expect(answer.json.error.details, told).toEqual({ reason: 'answer_lost' });
      else expect(answer.status, told).toBe(201);
      // A second write would have made a second version.
      expect((await vault.request('GET', `/v1/secrets/${path}`)).json, told).toMatchObject({
        version: 1,
        data: { value: `value of ${path}` },
      });
    });
  });
});
