import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsService } from '@scaivault/contracts';
import { openDatabase } from '@scaivault/db';
import { createTestDatabase, startModule, type TestDatabase } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createSecretsModule } from '../src/module.ts';
import { secretsMigrations } from '../src/store/migrations.ts';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase({ migrations: [secretsMigrations] });
  folder = await mkdtemp(join(tmpdir(), 'scaivault-secrets-'));
  await writeFile(join(folder, 'root.key'), randomBytes(32), { mode: 0o600 });
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const start = (env: Readonly<Record<string, string>> = {}) =>
  startModule({
    wire: 'direct',
    create: createSecretsModule,
    env: {
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: '4',
      KMS_PROVIDER: 'local',
      KMS_LOCAL_KEY_FILE: join(folder, 'root.key'),
      ...env,
    },
  });

const large = (): Buffer => Buffer.from(JSON.stringify({ value: 'x'.repeat(100_000) }));

/** Nobody listens there. */
const bucketAway = {
  S3_ENDPOINT: 'http://127.0.0.1:1',
  S3_BUCKET: 'bucket',
  S3_ACCESS_KEY_ID: 'id',
  S3_SECRET_ACCESS_KEY: 'key',
};

it('writes down at its end when secrets were read', async () => {
  {
    await using vault = await start();
    const client = await vault.client(SecretsService);
    await client.putSecret({ path: 'stop/read', data: Buffer.from('{"n":1}') });
    await client.putSecret({ path: 'stop/batch', data: Buffer.from('{"n":1}') });
    await client.putSecret({ path: 'stop/neither', data: Buffer.from('{"n":1}') });
    await client.readSecret({ path: 'stop/read' });
    await client.batchRead({ paths: ['stop/batch'] });
  }
  const owner = openDatabase({
    url: database.url,
    role: new URL(database.url).username,
    schema: 'secrets',
    applicationName: 'test',
    poolSize: 1,
    statementTimeoutMs: 10_000,
  });
  const rows = await owner.sql<{ path: string }[]>`
    select path from secrets.secret where last_accessed_at is not null order by path`;
  await owner.close();
  expect(rows.map(({ path }) => path)).toEqual(['stop/batch', 'stop/read']);
});

it('offloads what is longer than OBJECT_STORE_THRESHOLD, on the way through', async () => {
  await using vault = await start({ OBJECT_STORE_THRESHOLD: '1024' });
  const client = await vault.client(SecretsService);
  const data = Buffer.from(JSON.stringify({ value: 'x'.repeat(2000) }));
  await client.putSecret({ path: 'threshold', data });
  expect(Buffer.from((await client.readSecret({ path: 'threshold' })).data).equals(data)).toBe(true);
});

it('starts and is ready without its bucket: large values alone are 503, and the log says so', async () => {
  await using vault = await start(bucketAway);
  const client = await vault.client(SecretsService);
  for (const check of Object.values(vault.module.checks)) await check();
  await client.putSecret({ path: 'away/small', data: Buffer.from('{"n":1}') });
  await expect(client.putSecret({ path: 'away/large', data: large() })).rejects.toMatchObject({
    code: 'service_unavailable',
  });
  await vi.waitFor(() => expect(vault.logLines.join()).toContain('object store of large values cannot be used'));
  expect((await client.readSecret({ path: 'away/small' })).version).toBe(1);
});

it('does not start with half an access key', async () => {
  const { S3_SECRET_ACCESS_KEY: _half, ...env } = bucketAway;
  await expect(start(env)).rejects.toThrow('S3_SECRET_ACCESS_KEY is missing');
});
