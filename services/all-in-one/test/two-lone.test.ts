import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grant, succeeded } from './grant.ts';
import { borrowUnlimited, type SharedVault } from './shared-vault.ts';
import { unlimited } from './unlimited-vault.ts';
import { until } from './until.ts';

const rounds = 10;
const secret = '/v1/secrets/lone/a';
const readyWithinMs = 60_000;

const databaseUrlOf = async ({ openDatabase }: SharedVault): Promise<string> => {
  const sql = await openDatabase();
  const { host, port, user, pass, database } = sql.options;
  await sql.end();
  return `postgresql://${user}:${pass}@${host}:${port}/${database}`;
};

/** Nobody has told either of the other: no WORKERS, a journal and an address of its own, one database and root key. */
describe('two all-in-one processes on one database', () => {
  let vault: SharedVault;
  let folder: string;
  let second: ChildProcess;
  let url: string;
  let bob: string;
  beforeAll(async () => {
    vault = await borrowUnlimited('all-in-one');
    folder = await mkdtemp(join(tmpdir(), 'scaivault-second-'));
    const address = `127.0.0.1:${await freePort()}`;
    url = `http://${address}`;
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    second = spawn(process.execPath, [join(import.meta.dirname, '../src/main.ts')], {
      env: {
        ...unlimited,
        PATH,
        NODE_COMPILE_CACHE,
        DATA_DIR: folder,
        BIND_ADDRESS: address,
        BASE_URL: url,
        METRICS_BIND_ADDRESS: '127.0.0.1:0',
        DATABASE_URL: await databaseUrlOf(vault),
        KMS_PROVIDER: 'local',
        KMS_LOCAL_KEY_FILE: join(vault.dataDir, 'kms', 'root.key'),
        SCAIKEY_URL: vault.scaiKeyUrl,
        SCAIKEY_AUDIENCE: 'scaivault',
        SCAIKEY_WEBHOOK_SECRET: vault.webhookSecret,
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await until(
      'the second process',
      () =>
        fetch(`${url}/v1/health/ready`).then(
          ({ ok }) => ok || undefined,
          () => undefined,
        ),
      readyWithinMs,
    );
    bob = await vault.mint({ sub: 'bob@acme.example' });
    succeeded(await vault.request('PUT', secret, { body: { data: { n: 1 } } }));
  });
  afterAll(async () => {
    if (second?.exitCode === null) {
      second.kill('SIGTERM');
      await once(second, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
    await vault?.[Symbol.asyncDispose]();
  });

  const at = async (base: string, method: string, path: string, token = vault.token, body?: object) => {
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
  };
  const read = async (base: string): Promise<number> => (await at(base, 'GET', secret, bob)).status;
  const readBoth = async (): Promise<number[]> => [await read(url), await read(vault.url)];

  it('answer a change of a binding made at either only when it holds at both', async () => {
    const { policyId, bindingId } = await grant(vault, 'user:bob@acme.example', [
      { path_pattern: 'lone/*', permissions: ['read'] },
    ]);
    const bindings = `/v1/policies/${policyId}/bindings`;
    const seen: number[][] = [await readBoth()];
    let id = bindingId;
    for (let round = 0; round < rounds; round += 1) {
      const [one, other] = round % 2 === 0 ? [vault.url, url] : [url, vault.url];
      expect((await at(one, 'DELETE', `${bindings}/${id}`)).status).toBe(204);
      seen.push(await readBoth());
      const made = await at(other, 'POST', bindings, vault.token, {
        identity_type: 'user',
        identity_id: 'user:bob@acme.example',
      });
      id = made.json.id;
      seen.push(await readBoth());
    }
    const [open, closed] = [
      [200, 200],
      [403, 403],
    ];
    expect(seen).toEqual([open, ...Array.from({ length: rounds }, () => [closed, open]).flat()]);
    succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
    expect(await readBoth()).toEqual(closed);
  });

  it('answer a change of roles made at either only when it holds at both', async () => {
    const carol = await vault.mint({ sub: 'carol@acme.example' });
    for (let round = 0; round < 4; round += 1) {
      const base = round % 4 < 2 ? vault.url : url;
      const roles = round % 2 === 0 ? ['tenant_admin'] : [];
      expect((await at(base, 'PUT', '/v1/identity/users/usr_bob/roles', carol, { roles })).status).toBe(200);
      expect(await readBoth()).toEqual(round % 2 === 0 ? [200, 200] : [403, 403]);
    }
  });

  it('do not wait for one that was stopped in order', async () => {
    const { policyId } = await grant(vault, 'user:bob@acme.example', [
      { path_pattern: 'lone/*', permissions: ['read'] },
    ]);
    expect(await readBoth()).toEqual([200, 200]);
    second.kill('SIGTERM');
    await once(second, 'exit');
    expect(second.exitCode).toBe(0);
    const startedAt = performance.now();
    succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
    // The lease that it would have held else.
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(await read(vault.url)).toBe(403);
  });
});
