import { mkdtemp, readFile, realpath, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithComponent } from '@scaivault/testkit/component';
import { findRedis, type TestRedis } from '@scaivault/testkit/redis';
import {
  findVaultPostgres,
  freePort,
  isProcessAlive,
  removeVaultFolder,
  type StartedVault,
  serviceProcessesBelow,
  startVault,
} from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { succeeded } from './grant.ts';
import { limitsAsSet, testLimitsAsSet } from './limits-as-set.ts';
import { limitsOfTenants, testLimitsOfTenants } from './limits-of-tenants.ts';
import { shapes, startUnlimited } from './unlimited-vault.ts';
import { until } from './until.ts';

// Each of these starts vaults of its own, some several.
vi.setConfig({ testTimeout: 90_000 });

const listenOn = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

const isRoot = process.getuid?.() === 0;

describe.each(shapes)('a life of ScaiVault (%s)', (shape) => {
  let vault: StartedVault;
  /** Holds the data where only root can enter, for one of the shapes. */
  let closed: string | undefined;
  beforeAll(async () => {
    const env = { ...limitsAsSet, LOG_FORMAT: 'json', LOG_LEVEL: 'info' };
    if (isRoot && shape === 'all-in-one') closed = await mkdtemp(join(tmpdir(), 'scaivault-closed-'));
    const place = closed === undefined ? { fromNothing: true } : { dataDir: join(closed, 'data') };
    vault = await startUnlimited(shape, { ...place, env });
  });
  afterAll(async () => {
    await vault?.[Symbol.asyncDispose]();
    if (closed !== undefined) for (const folder of [join(closed, 'data'), closed]) await removeVaultFolder(folder);
  });

  /** Starts on the same data; what the start printed when it failed. */
  const failure = async (env: Record<string, string>, ports = vault.ports): Promise<string> => {
    const started = await startUnlimited(shape, { dataDir: vault.dataDir, ports, env }).catch(
      (error: unknown) => error,
    );
    if (!(started instanceof Error)) {
      await (started as StartedVault).stop();
      return 'It started.';
    }
    return started.message;
  };
  const nobodyIsLeft = (pids: readonly number[]): void => {
    expect(pids.filter(isProcessAlive)).toEqual([]);
    expect(findVaultPostgres(vault.dataDir)).toBeUndefined();
  };

  it('listens where BIND_ADDRESS says', async () => {
    expect(vault.url).toBe(`http://127.0.0.1:${vault.ports.api}`);
    expect((await fetch(`${vault.url}/v1/health`)).status).toBe(200);
  });

  if (shape === 'all-in-one')
    it.skipIf(!isRoot)('works in a folder that only root can enter (needs root)', async () => {
      expect(vault.output()).toContain('cannot enter');
      expect((await realpath(join(vault.dataDir, 'postgres'))).startsWith(closed ?? '')).toBe(false);
      succeeded(await vault.request('PUT', '/v1/secrets/life/c', { body: { data: { n: 3 } } }));
      expect((await vault.request('GET', '/v1/secrets/life/c')).json.data).toEqual({ n: 3 });
    });

  it('writes its access to dev.env, for its owner alone', async () => {
    const file = join(vault.dataDir, 'dev.env');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const names = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names).toEqual(['SCAIVAULT_URL', 'SCAIVAULT_TOKEN', 'SCAIKEY_URL', 'SCAIKEY_WEBHOOK_SECRET']);
  });

  it('logs JSON when LOG_FORMAT says so', async () => {
    const before = vault.output().length;
    const sql = await vault.openDatabase();
    succeeded(await vault.request('PUT', '/v1/secrets/life/a', { body: { data: { n: 1 } } }));
    await sql`update secrets.version set data_ct = data_ct || '\\x00'::bytea where path = 'life/a'`;
    await sql.end();
    expect((await vault.request('GET', '/v1/secrets/life/a')).status).toBe(500);
    const lines = await until('a line about it', async () => {
      const text = vault.output().slice(before);
      return text.includes('integrity') && text.endsWith('\n') ? text.trim().split('\n') : undefined;
    });
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: expect.anything() });
  });

  describe('rate limits', () => testLimitsAsSet(() => vault));

  it('refuses a second one on the same data', async () => {
    const ports = { api: await freePort(), scaiKey: await freePort() };
    expect(await failure({}, ports)).toContain('is in use by process');
    expect((await fetch(`${vault.url}/v1/health`)).status).toBe(200);
  });

  it('leaves no service behind when its launcher is killed', async () => {
    succeeded(await vault.request('PUT', '/v1/secrets/life/b', { body: { data: { n: 2 } } }));
    const children = await serviceProcessesBelow(vault.pid);
    expect(children.length).toBe(shape === 'services' ? 6 : 0);
    process.kill(vault.pid, 'SIGKILL');
    await until('the end of its services', async () => (children.some(isProcessAlive) ? undefined : true), 8_000);
  });

  describe('the next one, after a kill', () => {
    const component = findRedis();
    let redis: TestRedis | undefined;
    let next: StartedVault;
    let database: number | undefined;
    beforeAll(async () => {
      database = findVaultPostgres(vault.dataDir);
      if ('start' in component) redis = await component.start();
      const shared = redis === undefined ? {} : { REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix };
      const sourced = { SCAIKEY_URL: vault.scaiKeyUrl, SCAIKEY_WEBHOOK_SECRET: vault.webhookSecret };
      const { dataDir, ports } = vault;
      next = await startVault({ shape, dataDir, ports, env: { ...shared, ...sourced, ...limitsOfTenants } });
    });
    afterAll(async () => {
      await next?.[Symbol.asyncDispose]();
      await redis?.[Symbol.asyncDispose]();
    });

    it('takes over its database, also from a shell that has sourced dev.env', async () => {
      expect(database).toBeDefined();
      expect(findVaultPostgres(vault.dataDir)).toBe(database);
      expect((await next.request('GET', '/v1/secrets/life/b')).json.data).toEqual({ n: 2 });
    });

    describeWithComponent(component, () =>
      testLimitsOfTenants(() => ({ vault: next, redis: redis ?? expect.unreachable('It has been started.') })),
    );

    it('ends on SIGTERM too', async () => {
      expect((await next.stop('SIGTERM')).code).toBe(0);
      nobodyIsLeft([next.pid]);
    });
  });

  it('names the variable that it cannot use', async () => {
    expect(await failure({ RATE_LIMIT_SECRETS_REED: '5' })).toMatch(/exit code 1.*RATE_LIMIT_SECRETS_REED/s);
    expect(await failure({ LOG_LEVEL: 'loud' })).toMatch(/exit code 1.*LOG_LEVEL/s);
    nobodyIsLeft([]);
  });

  it('says what to do when a port is taken', async () => {
    for (const [port, name] of [
      [vault.ports.api, 'BIND_ADDRESS'],
      [vault.ports.scaiKey, 'SCAIKEY_EMULATOR_BIND'],
    ] as const) {
      const server = await listenOn(port);
      const told = await failure({});
      server.close();
      expect(told).toContain('Is it running already?');
      expect(told).toContain(name);
    }
    nobodyIsLeft([]);
  });

  it('brings no identity provider for development into production', async () => {
    expect(await failure({ NODE_ENV: 'production' })).toMatch(/exit code 1.*production/s);
    nobodyIsLeft([]);
  });
});
