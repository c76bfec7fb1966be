import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../src/index.ts';
import { createMigratedDatabase, open, scope } from './own-database.ts';

let database: Awaited<ReturnType<typeof createMigratedDatabase>>;
const unavailable = {
  code: 'service_unavailable',
  retryAfterSeconds: expect.toSatisfy((n: number) => n >= 1 && n <= 5),
};

beforeAll(async () => {
  database = await createMigratedDatabase();
});
afterAll(() => database.drop());

const using = async (options: Parameters<typeof open>[1], work: (db: Database) => Promise<void>): Promise<void> => {
  const db = open(database.url, options);
  try {
    await work(db);
  } finally {
    await db.close();
  }
};

const terminate = (pid: number) => database.admin`select pg_terminate_backend(${pid}, 5000)`;
const backendOf = async (tx: <T extends object[]>(s: TemplateStringsArray) => PromiseLike<T>): Promise<number> =>
  (await tx<{ pid: number }[]>`select pg_backend_pid() as pid`)[0]?.pid ?? 0;

describe('a session that ends under a transaction', () => {
  it('fails the statement under way with 503, and the pool goes on', () =>
    using({ poolSize: 1 }, async (db) => {
      const work = db.withScope(scope('acme'), async (tx) => {
        const pid = await backendOf(tx);
        const slow = tx`select pg_sleep(10)`.catch((error: unknown) => error);
        await terminate(pid);
        throw await slow;
      });
      await expect(work).rejects.toMatchObject(unavailable);
      expect(await db.sql`select 1 as n`).toEqual([{ n: 1 }]);
    }));

  it('runs nothing of it on a later session, though the work goes on', () =>
    using({ poolSize: 1 }, async (db) => {
      const outcomes: unknown[] = [];
      let carryOn = (): void => {};
      const paused = new Promise<void>((resolve) => {
        carryOn = resolve;
      });
      let ready = (_pid: number): void => {};
      const begun = new Promise<number>((resolve) => {
        ready = resolve;
      });
      const abandoned = db.withScope(scope('abandoned'), async (tx) => {
        ready(await backendOf(tx));
        await paused;
        for (const id of ['1', '2']) {
          outcomes.push(
            await tx`insert into note (scope_id, id, body) values (current_setting('scaivault.scope'), ${id}, '')`.catch(
              (error: unknown) => error,
            ),
          );
        }
      });
      const settled = abandoned.catch((error: unknown) => error);
      await terminate(await begun);

      await db.withScope(scope('next'), async (tx) => {
        carryOn();
        await settled;
        expect(await tx`select id from note`).toHaveLength(0);
      });
      expect(outcomes).toEqual([expect.objectContaining(unavailable), expect.objectContaining(unavailable)]);
      expect(await settled).toMatchObject(unavailable);
      expect(await database.admin`select id from dbtest.note`).toHaveLength(0);
      await db.ping();
    }));

  it('does so too when the work swallows every failure', () =>
    using({ poolSize: 1 }, async (db) => {
      const work = db.withScope(scope('acme'), async (tx) => {
        const pid = await backendOf(tx);
        await terminate(pid);
        await tx`select 1`.catch(() => {});
      });
      await expect(work).rejects.toMatchObject(unavailable);
      await db.ping();
    }));

  it('is dropped from the pool when it ends idle', () =>
    using({ poolSize: 2 }, async (db) => {
      const pid = await backendOf(db.sql);
      await terminate(pid);
      await expect.poll(async () => await backendOf(db.sql).catch(() => pid)).not.toBe(pid);
    }));
});

describe('limits', () => {
  it('answers 503 to a statement beyond its time, and keeps the session', () =>
    using({ poolSize: 1, statementTimeoutMs: 100 }, async (db) => {
      const pid = await backendOf(db.sql);
      await expect(db.sql`select pg_sleep(5)`).rejects.toMatchObject({ ...unavailable, cause: { sqlState: '57014' } });
      expect(await backendOf(db.sql)).toBe(pid);
    }));

  it('serves transactions in order of arrival when there are more than connections', () =>
    using({ poolSize: 2 }, async (db) => {
      expect(db.poolStats()).toEqual({ size: 2, available: 2 });
      const order: number[] = [];
      const work = Array.from({ length: 8 }, async (_, n) => {
        await db.transaction((tx) => tx`select pg_sleep(0.05)`);
        order.push(n);
      });
      await expect.poll(() => db.poolStats().available, { interval: 2 }).toBe(0);
      await Promise.all(work);
      expect(order.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(order.indexOf(7)).toBeGreaterThan(order.indexOf(2));
      expect(db.poolStats()).toEqual({ size: 2, available: 2 });
    }));

  it('lets running work end when it closes, and refuses new work', async () => {
    const db = open(database.url, { poolSize: 1 });
    const running = db.transaction((tx) => tx`select pg_sleep(0.2), 1 as n`);
    const result = running.then((rows) => rows.length);
    await expect.poll(() => db.poolStats().available, { interval: 2 }).toBe(0);
    const waiting = db.ping().catch((error: unknown) => error);
    await Promise.all([db.close(), expect(db.ping()).rejects.toMatchObject({ code: 'service_unavailable' })]);
    expect(await result).toBe(1);
    expect(await waiting).toMatchObject({ code: 'service_unavailable' });
    expect(await database.admin`select pid from pg_stat_activity where application_name = 'dbtest'`).toHaveLength(0);
  });

  it('reports a read-only server as 503', () =>
    using({}, async (db) => {
      const work = db.withScope(scope('acme'), async (tx) => {
        await tx`set transaction read only`;
        await tx`insert into note (scope_id, id, body) values ('t:acme', 'a', '')`;
      });
      await expect(work).rejects.toMatchObject({ ...unavailable, cause: { sqlState: '25006' } });
    }));
});

describe('a server that cannot be reached', () => {
  const at = async (
    onConnection: Parameters<typeof createServer>[1],
    work: (url: string, seen: () => number) => Promise<void>,
  ) => {
    let seen = 0;
    const server = createServer((socket) => {
      seen += 1;
      socket.on('error', () => {});
      onConnection?.(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await work(`postgresql://u:p@127.0.0.1:${port}/d`, () => seen);
    server.close();
  };

  it('is 503 at once when nothing listens, without the password in the error', async () => {
    let url = '';
    await at(undefined, async (free) => {
      url = free.replace('u:p@', 'u:canary@');
    });
    const heard: unknown[] = [];
    const db = open(url, { onError: (error) => heard.push(error) });
    const error: unknown = await db.ping().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ ...unavailable, cause: { code: 'ECONNREFUSED' } });
    expect(JSON.stringify([error, heard, String((error as Error).cause)])).not.toContain('canary');
    expect(heard).toHaveLength(1);
    await db.close();
  });

  it('is 503 when it hangs up during the handshake, and is not knocked at in a loop', () =>
    at(
      (socket) => socket.destroy(),
      async (url, seen) => {
        const db = open(url);
        await expect(db.ping()).rejects.toMatchObject(unavailable);
        expect(seen()).toBe(1);
        await expect(db.ping()).rejects.toMatchObject(unavailable);
        expect(seen()).toBe(2);
        await db.close();
      },
    ));

  it('is 503 when the first session is reset as soon as it is ready', () =>
    at(
      (socket) =>
        socket.once('data', () => {
          const authenticated = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
          const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
          socket.write(Buffer.concat([authenticated, ready]));
          socket.once('data', () => socket.resetAndDestroy());
        }),
      async (url) => {
        const db = open(url);
        await expect(db.ping()).rejects.toMatchObject(unavailable);
        await db.close();
      },
    ));
});
