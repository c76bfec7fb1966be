import { createMemoryAudit } from '@scaivault/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClientToken } from '../src/adapters/client-token.ts';
import { createScaiKeyLists } from '../src/adapters/scaikey-lists.ts';
import { createRunSync } from '../src/app/run-sync.ts';
import { createWorkThroughSyncs } from '../src/app/work-through-syncs.ts';
import type { ScaiKeyLists } from '../src/ports.ts';
import { createSyncMirror } from '../src/store/sync-mirror.ts';
import { createSyncRunTable } from '../src/store/sync-run-table.ts';
import { type StartedSync, startSync } from './start-sync.ts';

/** Hundreds of rows, on a machine that may have other things to do. */
vi.setConfig({ testTimeout: 90_000 });

const everything = { kind: 'everything' } as const;
const firstPage = { page: 1, pageSize: 50 };
const now = (): number => Date.now() * 1000;

let env: StartedSync;
beforeEach(async () => {
  env = await startSync();
  // The work is done by the workers of a test, not by the module.
  await env.started.vault.module.stop();
});
afterEach(() => env[Symbol.asyncDispose]());

const runs = () => createSyncRunTable(env.started.db);
const latest = async () => (await runs().list(everything, firstPage)).items[0];
const onPlatform = <Result>(work: Parameters<typeof env.started.db.withScope<Result>>[1]) =>
  env.started.db.withScope('*' as never, work);

/** As if the process that holds runs had died half a minute ago. */
const letLeasesRunOut = () => onPlatform((tx) => tx`update sync_run set held_until = now() where status = 'running'`);

/** One process at this work. `lists` may stand between it and ScaiKey. */
const worker = (lists: (real: ScaiKeyLists) => ScaiKeyLists = (real) => real, isStopping = () => false) => {
  const asked: string[] = [];
  const client = { clientId: 'scaivault', url: env.emulator.url, tokenUrl: undefined };
  const clientSecret = { reveal: () => 'scaivault-development-secret' } as never;
  const token = createClientToken({ ...client, clientSecret }, Date.now);
  const scaiKey = lists(createScaiKeyLists({ url: env.emulator.url, token, nowMs: Date.now }));
  const runSync = createRunSync({
    runs: runs(),
    scaiKey: {
      ...scaiKey,
      list: (kind, range, page) => {
        asked.push(`${kind} ${page}`);
        return scaiKey.list(kind, range, page);
      },
    },
    mirror: createSyncMirror(env.started.db, createMemoryAudit().audit),
    scopesBelow: () => Promise.resolve([]),
    publish: () => Promise.resolve(),
    isStopping,
    nowMicros: now,
  });
  const failures: unknown[] = [];
  const work = createWorkThroughSyncs({
    runs: runs(),
    runSync,
    everyMicros: 0,
    count: () => {},
    onFailure: (error) => failures.push(error),
    nowMicros: now,
  });
  return { work, asked, failures };
};

/** Enough for three pages. */
const addPeople = (count: number): void => {
  const [like] = env.emulator.directory.data.users;
  if (like === undefined) throw new Error('The seed has nobody.');
  for (let index = 0; index < count; index += 1) {
    const id = `usr_${String(index).padStart(4, '0')}`;
    env.emulator.directory.data.users.push({ ...like, id, email: `${id}@acme.example` });
  }
};

const isMirrored = async (subjectId: string): Promise<boolean> => {
  const rows = await env.started.db.withScope(
    't:tnt_acme_prod' as never,
    (tx) => tx`select 1 from identity where subject_id = ${subjectId}`,
  );
  return rows.length > 0;
};

describe('a sync whose process is killed', () => {
  it('goes on where it was, and the dead one changes nothing should it wake', async () => {
    addPeople(450);
    const { id } = await runs().start(everything, now(), undefined);
    const gate = Promise.withResolvers<void>();
    const ghost = { id: 'usr_ghost', tenant_id: 'tnt_acme_prod', email: 'ghost@acme.example', type: 'user' };
    const killed = worker((real) => ({
      ...real,
      list: async (kind, range, page) => {
        const answer = await real.list(kind, range, page);
        if (kind !== 'users' || page !== 2) return answer;
        await gate.promise;
        return { ...answer, items: [ghost] };
      },
    }));
    const dying = killed.work();
    await expect.poll(() => killed.asked.at(-1), { timeout: 40_000 }).toBe('users 2');

    const other = worker();
    await other.work();
    expect(other.asked).toEqual([]);

    await letLeasesRunOut();
    await other.work();
    expect(other.asked.slice(0, 3)).toEqual(['users 2', 'users 3', 'groups 1']);
    const done = await latest();
    expect(done).toMatchObject({ id, status: 'completed', removed: 0, error: null, created: 18 + 450 });

    gate.resolve();
    await dying;
    expect(killed.failures).toEqual([]);
    expect(await isMirrored('usr_ghost')).toBe(false);
    expect(await isMirrored('usr_0449')).toBe(true);
    expect(await latest()).toEqual(done);
  });

  it('goes on at once when the process only stops', async () => {
    addPeople(250);
    await runs().start(everything, now(), undefined);
    const stopping = worker(undefined, () => stopping.asked.length >= 3);
    await stopping.work();
    expect(await latest()).toMatchObject({ status: 'running' });
    const next = worker();
    await next.work();
    expect(next.asked[0]).toBe('users 2');
    expect(await latest()).toMatchObject({ status: 'completed', created: 18 + 250, error: null });
  });

  it('removes what it has listed before and after, and only that', async () => {
    addPeople(250);
    await runs().start(everything, now(), undefined);
    await worker().work();
    const { data } = env.emulator.directory;
    data.users = data.users.filter(({ id }) => id !== 'usr_0001' && id !== 'usr_0240');
    await runs().start(everything, now(), undefined);
    const stopping = worker(undefined, () => stopping.asked.length >= 3);
    await stopping.work();
    await worker().work();
    expect(await latest()).toMatchObject({ status: 'completed', created: 0, updated: 0, removed: 2 });
  });
});

describe('a listing that changes under way', () => {
  it('removes nobody, although the pages seem to lack somebody', async () => {
    addPeople(250);
    await runs().start(everything, now(), undefined);
    await worker().work();
    await runs().start(everything, now(), undefined);
    const { data } = env.emulator.directory;
    const [first] = data.users;
    const moved = worker((real) => ({
      ...real,
      list: async (kind, range, page) => {
        const answer = await real.list(kind, range, page);
        // Everybody moves up one row: somebody of the second page is now on the first, which has been read.
        if (kind === 'users' && page === 1) data.users = data.users.slice(1);
        return answer;
      },
    }));
    await moved.work();
    expect(await latest()).toMatchObject({ status: 'failed', removed: 0, error: 'incomplete_listing: users' });
    expect(first).toBeDefined();
    if (first !== undefined) data.users.unshift(first);
  });
});

describe('the schedule', () => {
  const hour = 3_600_000_000;
  const due = (nowMicros: number) => runs().startIfDue({ everyMicros: hour, retryMicros: 60_000_000, nowMicros });
  const count = async () => (await runs().list(everything, firstPage)).total;

  it('begins one sync, whoever looks at the same time, and the next when the interval is over', async () => {
    const start = now();
    await Promise.all([due(start), due(start), due(start)]);
    expect(await count()).toBe(1);
    expect(await latest()).toMatchObject({ status: 'running', trigger: 'schedule', startedAtMicros: start });
    await worker().work();
    await due(start + hour - 1);
    expect(await count()).toBe(1);
    await due(start + hour);
    expect(await count()).toBe(2);
  });

  it('tries again within a minute after one that failed', async () => {
    await due(now());
    await env.faults({ fail_with: 500 });
    await worker().work();
    const failed = await latest();
    expect(failed).toMatchObject({ status: 'failed', error: 'scaikey_unavailable' });
    const end = failed?.completedAtMicros ?? 0;
    await due(end + 59_000_000);
    expect(await count()).toBe(1);
    await due(end + 60_000_000);
    expect(await count()).toBe(2);
  });
});
