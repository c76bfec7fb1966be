import { join } from 'node:path';
import { startEmbeddedPostgres } from '@scaivault/db/embedded';
import { monotonicMs } from '@scaivault/measure/monotonic-ms';
import { startScript } from '@scaivault/measure/script';
import {
  removeVaultFolder,
  type StartedVault,
  type StartVaultOptions,
  startVault,
} from '@scaivault/testkit/start-vault';
import { until } from '../../../test/until.ts';
import type { BareAnswer } from '../bare-fastify.ts';
import { bareFastify, barePostgres } from '../bare-targets.ts';
import type { Findings } from '../findings.ts';
import { makeFolder } from '../make-folder.ts';
import type { Options } from '../options.ts';
import { hotPath, secretBody } from '../secret.ts';
import { copySeed } from '../seed.ts';
import { environmentOf } from '../settings.ts';

const first = { GET: { status: 200, action: 'read' }, PUT: { status: 201, action: 'write' } } as const;

/** Waits for as many rows as there have been answers; gives how many there are. */
const countRows = async (vault: StartedVault, action: string, answers: number): Promise<number> => {
  const sql = await vault.openDatabase();
  let rows = 0;
  const look = async (): Promise<true | undefined> => {
    const [row] = await sql`select count(*)::integer as count from audit.log where action = ${action}`;
    rows = row?.count;
    return rows >= answers ? true : undefined;
  };
  await until('audit rows', look).catch(() => {});
  await sql.end();
  return rows;
};

interface Start {
  /** Milliseconds from the first instruction to the first answer. */
  readonly ms: number;
  readonly rows: number;
}

const startOnce = async (wish: StartVaultOptions, method: keyof typeof first, answers: number): Promise<Start> => {
  await using vault = await startVault(wish);
  const { status, action } = first[method];
  const askedAtMs = monotonicMs();
  const body = method === 'PUT' ? { body: secretBody } : {};
  const answer = await vault.request(method, `/v1/secrets/${hotPath}`, body);
  const ms = vault.startMs + monotonicMs() - askedAtMs;
  if (answer.status !== status) throw new Error(`The first answer was ${answer.status}: ${answer.text}`);
  return { ms, rows: await countRows(vault, action, answers) };
};

const timed = async (start: () => Promise<() => Promise<void>>): Promise<Start> => {
  const startedAtMs = monotonicMs();
  const stop = await start();
  const ms = monotonicMs() - startedAtMs;
  await stop();
  return { ms, rows: 0 };
};

const answers: readonly BareAnswer[] = [{ method: 'GET', path: '/', status: 200, body: '{}' }];

const startFastify = (): Promise<Start> =>
  timed(async () => {
    const server = startScript<readonly BareAnswer[]>(join(import.meta.dirname, '../bare-fastify.ts'));
    const port = await server.ask<number>(answers);
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
    return async () => server[Symbol.dispose]();
  });

/** A database alone, on a cluster that is there or has to be made. */
const startPostgres = (dataDir: string): Promise<Start> =>
  timed(async () => {
    const postgres = await startEmbeddedPostgres({ dataDir, log: () => {} });
    return () => postgres.stop();
  });

interface Course {
  readonly part: 'existing data' | 'from nothing';
  readonly target: string;
  /** In which round, counted from 1; those before have each been answered once. */
  start(round: number): Promise<Start>;
  readonly of?: string;
  readonly starts: Start[];
}

/** Starts every shape in turn, on the seed and on nothing; a round that does not count warms the disk. */
export const runColdStart = async (options: Options): Promise<Findings> => {
  await using folders = new AsyncDisposableStack();
  const keep = async (folder: Promise<string>): Promise<string> => {
    const path = await folder;
    folders.defer(() => removeVaultFolder(path));
    return path;
  };
  const inNewFolder = async (start: (folder: string) => Promise<Start>): Promise<Start> => {
    const folder = await makeFolder();
    try {
      return await start(folder);
    } finally {
      await removeVaultFolder(folder);
    }
  };
  const cluster = await keep(makeFolder());
  const courses: Course[] = [
    { part: 'existing data', target: bareFastify, start: startFastify, starts: [] },
    { part: 'existing data', target: barePostgres, start: () => startPostgres(cluster), starts: [] },
    { part: 'from nothing', target: barePostgres, start: () => inNewFolder(startPostgres), starts: [] },
  ];
  for (const { name, shape, env: more } of options.shapes) {
    const env = { ...environmentOf(options), ...more };
    const dataDir = await keep(copySeed(options.secrets));
    const onSeed = { shape, env, dataDir };
    const onNothing = { shape, env, fromNothing: true };
    const read = (round: number): Promise<Start> => startOnce(onSeed, 'GET', round + 1);
    const write = (): Promise<Start> => startOnce(onNothing, 'PUT', 1);
    courses.push(
      { part: 'existing data', target: name, of: 'read, succeeded', start: read, starts: [] },
      { part: 'from nothing', target: name, of: 'write, succeeded', start: write, starts: [] },
    );
  }
  for (let round = 0; round <= options.rounds; round += 1)
    for (const { start, starts } of courses) starts.push(await start(round));
  return {
    figures: courses.map(({ part, target, starts }) => ({
      part,
      target,
      what: 'first answer s',
      better: 'less',
      rounds: starts.slice(1).map(({ ms }) => ms / 1000),
    })),
    certificates: courses.flatMap(({ part, target, of, starts }) => {
      if (of === undefined) return [];
      // On the seed the rows of all starts are there at the last one; on nothing each start has its own.
      const rows =
        part === 'existing data' ? (starts.at(-1)?.rows ?? 0) : starts.reduce((sum, one) => sum + one.rows, 0);
      return [{ target: `${target}, ${part}`, of, answered: starts.length, rows }];
    }),
  };
};
