import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { locateBinaries, placeBinaries } from '../src/embedded/binaries.ts';
import { isPostmasterAlive } from '../src/embedded/postmaster.ts';
import { startEmbeddedPostgres } from '../src/embedded/start-embedded-postgres.ts';
import { findUnprivilegedUser } from '../src/embedded/unprivileged-user.ts';
import { openOperatorSession } from '../src/operator-session.ts';

const isRoot = process.getuid?.() === 0;
const host = new URL('embedded-host.ts', import.meta.url).pathname;

let home: string;
let dataDir: string;
const lines: string[] = [];
const started: { stop: () => Promise<void> }[] = [];
const children: ChildProcess[] = [];

/** A data folder as a first start leaves it; most tests use it one after the other, because making one takes a second. */
let shared: string;

const start = async (options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}) => {
  const server = await startEmbeddedPostgres({ dataDir, durable: false, log: (line) => lines.push(line), ...options });
  started.push(server);
  return server;
};

/** A process of its own that starts the database and prints `{pid, port}`. */
const startElsewhere = async (): Promise<{ child: ChildProcess; pid: number; port: number }> => {
  const child = spawn(process.execPath, [host, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { child, ...(JSON.parse(line.toString()) as { pid: number; port: number }) };
};

const query = async <T>(url: string, text: string): Promise<T[]> => {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return (await sql.unsafe(text)) as unknown as T[];
  } finally {
    await sql.end();
  }
};
const folder = (): string => join(dataDir, 'postgres');
const replaced = async (name: string, text: string, work: () => Promise<void>): Promise<void> => {
  const path = join(folder(), name);
  const before = await readFile(path);
  await writeFile(path, text);
  await work();
  await writeFile(path, before);
};

beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), 'scaivault-embedded-'));
  await chmod(shared, 0o755);
  await (await startEmbeddedPostgres({ dataDir: shared, log: () => {} })).stop();
});
afterAll(() => rm(shared, { recursive: true }));

beforeEach(async () => {
  lines.length = 0;
  home = await mkdtemp(join(tmpdir(), 'scaivault-embedded-'));
  await chmod(home, 0o755);
  dataDir = join(home, 'data');
});
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(home, { recursive: true, force: true });
});

describe('an embedded PostgreSQL', () => {
  beforeEach(() => {
    dataDir = shared;
  });

  it('keeps its rows and its password over a restart, and starts the second time in under a second', async () => {
    const first = await start();
    await query(first.url, 'create table kept (n int); insert into kept values (1)');
    await first.stop();
    expect(isPostmasterAlive(first.pid, folder())).toBe(false);

    const before = performance.now();
    const second = await start({ port: first.port });
    expect(performance.now() - before).toBeLessThan(1000);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 1 }]);
  });

  it('asks for its password, listens on 127.0.0.1 alone, runs as nobody special and sorts by bytes', async () => {
    const server = await start();
    await expect(query(server.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toMatchObject({ code: '28P01' });
    const settings = `select current_setting('listen_addresses') as at, current_setting('unix_socket_directories') as sockets,
      current_setting('fsync') as fsync, current_setting('server_encoding') as encoding, 'Z' < 'a' and 'z' < 'é' as bytewise`;
    expect(await query(server.url, settings)).toEqual([
      { at: '127.0.0.1', sockets: '.', fsync: 'off', encoding: 'UTF8', bytewise: true },
    ]);
    expect((await stat(join(dataDir, 'postgres-password'))).mode & 0o777).toBe(0o600);
    const { uid, mode } = await stat(folder());
    expect(mode & 0o777).toBe(0o700);
    expect(uid).not.toBe(0);
  });

  it('is reached by its socket, with the same password, where the path is short enough for one', async () => {
    const peer = 'select inet_server_addr() is null as local';
    const near = await start();
    const read = async (url: string) => {
      await using session = openOperatorSession({ url }, 'test');
      return [...(await session.sql.unsafe(peer))];
    };
    expect(await read(near.localUrl)).toEqual([{ local: true }]);
    await expect(read(near.localUrl.replace(/:[^:@]+@/, ':wrong@'))).rejects.toMatchObject({ code: '28P01' });
    await near.stop();

    dataDir = join(home, 'd'.repeat(80), 'data');
    const deep = await start();
    expect(await read(deep.localUrl)).toEqual([{ local: false }]);
  });

  it('syncs to disk unless told otherwise', async () => {
    const server = await startEmbeddedPostgres({ dataDir, log: () => {} });
    started.push(server);
    expect(await query(server.url, `select current_setting('fsync') as fsync`)).toEqual([{ fsync: 'on' }]);
  });

  it('refuses a folder that is in use, by this process or another', async () => {
    const server = await start();
    await expect(start()).rejects.toThrow('in use');
    await server.stop();
    started.length = 0;
    const { child } = await startElsewhere();
    await expect(start()).rejects.toThrow(`in use by process ${child.pid}`);
  });

  it('ends with a process that exits without stopping it', async () => {
    const { child, pid } = await startElsewhere();
    child.stdin?.end('exit\n');
    await once(child, 'exit');
    await expect.poll(() => isPostmasterAlive(pid, folder()), { timeout: 10_000 }).toBe(false);
  });

  it('goes on when its process is killed, and is taken over by the next start', async () => {
    const { child, pid, port } = await startElsewhere();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const server = await start();
    expect(server).toMatchObject({ pid, port });
    expect(lines).toContain(`PostgreSQL was still running (process ${pid}); it goes on serving.`);
    await query(server.url, 'select 1');
    await server.stop();
    expect(isPostmasterAlive(pid, folder())).toBe(false);
  });

  it('is restarted rather than taken over when it ran with other settings', async () => {
    const { child, pid } = await startElsewhere();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const server = await start({ durable: true });
    expect(server.pid).not.toBe(pid);
    expect(isPostmasterAlive(pid, folder())).toBe(false);
    expect(await query(server.url, `select current_setting('fsync') as fsync`)).toEqual([{ fsync: 'on' }]);
  });

  it('starts over a pid file that names a process which is something else now', async () => {
    const first = await start();
    await query(first.url, 'create table t ()');
    await first.stop();
    await writeFile(
      join(folder(), 'postmaster.pid'),
      `${process.pid}\n${folder()}\n1\n${first.port}\n\n127.0.0.1\n0 0\nready\n`,
    );
    const second = await start();
    expect(second.pid).not.toBe(process.pid);
    await query(second.url, 'select from t');
  });

  it('recovers after a kill of the server itself', async () => {
    const first = await start({ durable: true });
    await query(first.url, 'create table killed (n int); insert into killed values (1)');
    process.kill(first.pid, 'SIGKILL');
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select n from killed')).toEqual([{ n: 1 }]);
  });

  it('says when the folder was made by another major version', async () => {
    await (await start()).stop();
    await replaced('PG_VERSION', '11\n', () => expect(start()).rejects.toThrow('made by PostgreSQL 11'));
  });

  it('says why when it cannot start', async () => {
    const first = await start();
    await first.stop();
    await replaced('postgresql.conf', 'no_such_setting = 1\n', () =>
      expect(start()).rejects.toThrow('no_such_setting'),
    );
  });
});

describe('a first start', () => {
  it('does not take the remains of a killed first start for a cluster', async () => {
    await mkdir(join(dataDir, 'postgres.initdb-abc123/data/base'), { recursive: true });
    await writeFile(join(dataDir, 'postgres.initdb-abc123/data/PG_VERSION'), '18\n');
    const server = await start();
    await query(server.url, 'select 1');
    expect(await readdir(dataDir)).toEqual(['postgres', 'postgres-owner', 'postgres-password', 'postgres.log']);
  });
});

// Only root steps down to a user that may find folders closed to it.
describe.skipIf(!isRoot)(`started by root${isRoot ? '' : ' (skipped: these tests run as somebody else)'}`, () => {
  const systemFolder = (): string => join(home, 'system');

  it('puts the cluster where its user can go, leaves a link, and finds it again', async () => {
    dataDir = join(home, 'closed', 'data');
    await mkdir(join(home, 'closed'), { mode: 0o700 });
    const first = await start({ systemFolder: systemFolder() });
    expect((await lstat(folder())).isSymbolicLink()).toBe(true);
    expect(lines).toContainEqual(expect.stringMatching(/^The database lies in .*\/system\/[0-9a-f]{16}: /));
    await query(first.url, 'create table t ()');
    await first.stop();

    const second = await start({ systemFolder: systemFolder() });
    await query(second.url, 'select from t');
    await second.stop();

    await rm(systemFolder(), { recursive: true });
    await expect(start({ systemFolder: systemFolder() })).rejects.toThrow('is gone');
  });

  it('finishes what a first start left between making the cluster and linking it', async () => {
    dataDir = join(home, 'closed', 'data');
    await mkdir(join(home, 'closed'), { mode: 0o700 });
    const first = await start({ systemFolder: systemFolder() });
    await query(first.url, 'create table t ()');
    await first.stop();
    await rm(folder());
    await query((await start({ systemFolder: systemFolder() })).url, 'select from t');
  });

  it('copies the binaries, once, when its user cannot reach them', async () => {
    const user = await findUnprivilegedUser();
    const source = await locateBinaries();
    const closed = join(home, 'closed');
    await mkdir(closed, { mode: 0o700 });
    // A part stands for the whole, which would be copied three times here.
    await cp(join(source.root, 'bin'), join(closed, 'native/bin'), { recursive: true, verbatimSymlinks: true });
    const place = () =>
      placeBinaries({ ...source, root: join(closed, 'native') }, user, systemFolder(), (line) => lines.push(line));
    const [one, two] = await Promise.all([place(), place()]);
    expect(one.root).toBe(join(systemFolder(), `postgres-${source.version}`));
    expect(two).toEqual(one);
    expect(await readdir(systemFolder())).toEqual([`postgres-${source.version}`]);
    // Not `toEqual`, which takes seconds for ten million bytes.
    const program = (root: string) => readFile(join(root, 'bin/postgres'));
    expect((await program(one.root)).equals(await program(source.root))).toBe(true);
    expect(lines).toHaveLength(2);
  });
});
