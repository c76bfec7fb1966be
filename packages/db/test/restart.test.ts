import { chmodSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/embedded/start-embedded-postgres.ts';
import { migrate } from '../src/index.ts';
import { fixture, open, scope } from './own-database.ts';

let dataDir: string;
let server: EmbeddedPostgres;

const start = (port?: number): Promise<EmbeddedPostgres> =>
  startEmbeddedPostgres({ dataDir, durable: false, log: () => {}, ...(port === undefined ? {} : { port }) });

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'scaivault-restart-'));
  chmodSync(dataDir, 0o755);
  server = await start();
  await migrate({ url: server.url, migrations: [fixture('first')], log: () => {} });
});
afterAll(async () => {
  await server.stop();
  await rm(dataDir, { recursive: true });
});

it('answers 503 while PostgreSQL is away and goes on by itself when it is back', async () => {
  const db = open(server.url, { poolSize: 4 });
  const write = (id: string) =>
    db.withScope(scope('acme'), (tx) => tx`insert into note (scope_id, id, body) values ('t:acme', ${id}, '')`);
  await write('before');
  await Promise.all(Array.from({ length: 4 }, () => db.ping()));

  const outcomes: string[] = [];
  let writing = true;
  const writer = async (name: string): Promise<void> => {
    for (let n = 0; writing; n += 1) {
      await write(`${name}-${n}`).then(
        () => outcomes.push('ok'),
        (error: { code: string }) => outcomes.push(error.code),
      );
    }
  };
  const writers = ['a', 'b', 'c', 'd', 'e', 'f'].map(writer);
  const { port } = server;
  await server.stop();
  await expect.poll(() => outcomes.at(-1)).toBe('service_unavailable');
  server = await start(port);
  const back = outcomes.length;
  await expect
    .poll(() => outcomes.slice(back).filter((outcome) => outcome === 'ok').length, { timeout: 10_000 })
    .toBeGreaterThan(20);
  writing = false;
  await Promise.all(writers);

  expect(new Set(outcomes)).toEqual(new Set(['ok', 'service_unavailable']));
  expect(db.poolStats()).toEqual({ size: 4, available: 4 });
  await db.close();
});
