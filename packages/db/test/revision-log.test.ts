import type postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  confirmedForGood,
  createRevisionLog,
  type Database,
  migrate,
  type RevisionLog,
  type Tx,
} from '../src/index.ts';
import { createEmptyDatabase, open } from './own-database.ts';
import { revisionsFixture } from './revisions-fixture.ts';

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let db: Database;
let log: RevisionLog;
let epoch: string;
let before: number;

beforeAll(async () => {
  database = await createEmptyDatabase();
  await migrate({ url: database.url, migrations: [revisionsFixture], log: () => {} });
  db = open(database.url, { poolSize: 8 });
  log = createRevisionLog(db);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await database.admin`delete from dbtest.follower`;
  ({ epoch, revision: before } = await log.newsSince({ epoch: '', confirmed: 0, heeds: '' }, 0));
});

const write = (name: string) => async (tx: Tx) => {
  await tx`
    insert into rule (scope_id, version) values (${name}, 1)
    on conflict (scope_id) do update set version = rule.version + 1`;
};
const change = (name: string) => db.transaction(write(name));
const news = (since = before, most = 100, heeds = '') => log.newsSince({ epoch, confirmed: since, heeds }, most);
const renew = (id: string, confirmed: number, leaseMs = 5_000, heeds = '') =>
  log.renew({ id, epoch, confirmed, heeds, leaseMs }, 100);
const lateIds = async () => (await log.findLate()).late.map(({ id }) => id).sort();

describe('a change', () => {
  it('has a number and names its scope as soon as it is committed', async () => {
    await change('t:a');
    expect(await news()).toEqual({ epoch, revision: before + 1, isReset: false, changedScopes: ['t:a'] });
  });

  it('of several scopes has one number and names each of them once', async () => {
    await db.transaction(async (tx) => {
      for (const name of ['t:a', 't:b', 't:a']) await write(name)(tx);
    });
    const { revision, changedScopes } = await news();
    expect([revision, [...changedScopes].sort()]).toEqual([before + 1, ['t:a', 't:b']]);
  });

  it('takes no number when it is rolled back', async () => {
    const failing = db.transaction(async (tx) => {
      await write('t:a')(tx);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await news()).toMatchObject({ revision: before, changedScopes: [] });
  });

  it('does not hold up others while its own transaction is at work', async () => {
    await db.transaction(async (tx) => {
      await write('t:slow')(tx);
      await change('t:quick');
      expect((await news()).changedScopes).toEqual(['t:quick']);
    });
    expect(await news()).toMatchObject({ revision: before + 2, changedScopes: ['t:quick', 't:slow'] });
  });

  it('is seen by nobody before all changes with a lower number', async () => {
    let done = false;
    const writers = Promise.all(
      Array.from({ length: 6 }, async (_, writer) => {
        for (let i = 0; i < 50; i++) await change(`t:${writer}-${i}`);
      }),
    ).then(() => {
      done = true;
    });
    // A follower that confirms whatever it sees must in the end have heard of every scope.
    const heard = new Set<string>();
    let confirmed = before;
    const follow = async (): Promise<void> => {
      const { revision, changedScopes } = await news(confirmed, 1_000);
      for (const name of changedScopes) heard.add(name);
      confirmed = revision;
    };
    while (!done) await follow();
    await writers;
    await follow();
    expect([heard.size, confirmed]).toEqual([300, before + 300]);
  });
});

describe('news', () => {
  it('are a reset for a follower of another epoch, or one that is ahead', async () => {
    expect((await log.newsSince({ epoch: '', confirmed: before, heeds: '' }, 100)).isReset).toBe(true);
    expect((await news(before + 1)).isReset).toBe(true);
    expect((await news(Number.MAX_SAFE_INTEGER)).isReset).toBe(true);
    expect((await news()).isReset).toBe(false);
  });

  it('are told to each of those who ask at once by how far it is', async () => {
    for (const name of ['t:a', 'l:a', 't:b']) await change(name);
    const asked = [news(before, 2), news(before + 1, 2), news(before + 3, 2), news(before, 2, 'l:')];
    const told = (await Promise.all(asked)).map(({ isReset, changedScopes }) => (isReset ? 'reset' : changedScopes));
    // Of what is more than asked for only the first two are known; what of it is heeded is not looked for.
    expect(told).toEqual(['reset', ['l:a', 't:b'], [], 'reset']);
    expect(await news(before, 3, 'l:')).toMatchObject({ revision: before + 3, changedScopes: ['l:a'] });
  });

  it('are a reset where they are too many or have been trimmed', async () => {
    for (const name of ['t:a', 't:b', 't:c', 't:d']) await change(name);
    expect((await news(before, 3)).isReset).toBe(true);
    expect((await news(before, 4)).changedScopes).toHaveLength(4);
    await log.trim(2);
    expect((await news(before + 1)).isReset).toBe(false);
    expect((await news(before)).isReset).toBe(true);
    await log.trim(0);
    expect((await news(before + 3)).isReset).toBe(false);
    expect((await news(before + 2)).isReset).toBe(true);
    expect((await news(before + 4)).isReset).toBe(false);
  });

  it('are heard soon, of changes and of confirmations', async () => {
    const heard: string[] = [];
    const listening = log.listen({
      change: () => heard.push('change'),
      confirmation: (confirmed) =>
        heard.push([...confirmed].map(([id, at]) => `${id} ${at - before}`).join() || 'something'),
    });
    try {
      await vi.waitFor(() => expect(heard).toEqual(['change', 'something']));
      await change('t:a');
      await vi.waitFor(() => expect(heard.slice(2)).toEqual(['change']));
      for (const confirmed of [before, before, before + 1]) {
        await Promise.all([renew('f 1', confirmed), renew('g', confirmed)]);
      }
      await vi.waitFor(() => expect(heard.slice(3)).toEqual(['f 1 1,g 1']));
    } finally {
      await listening.close();
    }
  });

  it('are heard of however many followers confirm at once, with ids as long as they may be', async () => {
    const ids = Array.from({ length: 150 }, (_, at) => `${at}`.padStart(64, 'f'));
    const heard = new Set<string>();
    let isListening = false;
    const confirmation = (confirmed: ReadonlyMap<string, number>): void => {
      isListening = true;
      for (const id of confirmed.keys()) heard.add(id);
    };
    const listening = log.listen({ change: () => {}, confirmation });
    try {
      await vi.waitFor(() => expect(isListening).toBe(true));
      await Promise.all(ids.map((id) => renew(id, before)));
      await change('t:a');
      await Promise.all(ids.map((id) => renew(id, before + 1)));
      await vi.waitFor(() => expect(heard.size).toBe(ids.length), 10_000);
    } finally {
      await listening.close();
    }
  });

  it('are heard again after the session that listens was lost', async () => {
    let heard = 0;
    const hear = (): void => {
      heard += 1;
    };
    const listening = log.listen({ change: hear, confirmation: hear });
    try {
      await vi.waitFor(() => expect(heard).toBe(2));
      const ended = await database.admin`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query = 'listen dbtest_news'`;
      expect(ended).toHaveLength(1);
      await vi.waitFor(() => expect(heard).toBe(4), 5_000);
      await change('t:a');
      await vi.waitFor(() => expect(heard).toBe(5));
    } finally {
      await listening.close();
    }
  });
});

describe('a follower', () => {
  it('is late until it has confirmed the newest revision, in this epoch', async () => {
    await change('t:a');
    await renew('one', before);
    await renew('two', before + 1);
    await log.renew({ id: 'other', epoch: 'another', confirmed: before + 1, heeds: '', leaseMs: 5_000 }, 100);
    expect(await lateIds()).toEqual(['one', 'other']);
    const known = (await log.followers()).map(({ id, confirmed }) => [id, confirmed - before]);
    expect(known.sort()).toEqual([
      ['one', 0],
      ['other', -before],
      ['two', 1],
    ]);
    await renew('one', before + 1);
    expect(await lateIds()).toEqual(['other']);
  });

  it('is told of what it heeds only, and late with nothing else, unless what it has missed is forgotten', async () => {
    await renew('one', before, 5_000, 'l:');
    await change('t:a');
    expect(await lateIds()).toEqual([]);
    expect(await news(before, 100, 'l:')).toEqual({ epoch, revision: before + 1, isReset: false, changedScopes: [] });
    await change('l:a');
    expect(await lateIds()).toEqual(['one']);
    expect(await news(before, 100, 'l:')).toMatchObject({ changedScopes: ['l:a'] });
    expect(await renew('one', before, 5_000, 'l:')).toMatchObject({ revision: before + 2, changedScopes: ['l:a'] });
    await renew('one', before + 2, 5_000, 'l:');
    for (const name of ['t:a', 't:b']) await change(name);
    expect(await lateIds()).toEqual([]);
    await log.trim(0);
    expect(await lateIds()).toEqual(['one']);
    await renew('one', before + 2, 5_000, 't:');
    await renew('one', before + 4, 5_000, 't:');
    await change('t:a');
    expect(await lateIds()).toEqual(['one']);
  });

  it('that only confirms is told its news and heard of, and has no other renewal and no row that it had not', async () => {
    const confirm = (id: string, confirmed: number) =>
      log.confirm({ id, epoch, confirmed, heeds: '', leaseMs: 5_000 }, 100);
    await renew('one', before);
    const [known] = await log.followers();
    const heard = new Map<string, number>();
    let sessions = 0;
    const listening = log.listen({
      change: () => {
        sessions += 1;
      },
      confirmation: (confirmed) => {
        for (const [id, revision] of confirmed) heard.set(id, revision);
      },
    });
    await vi.waitFor(() => expect(sessions).toBe(1));
    for (const name of ['t:a', 't:b']) await change(name);
    expect(await confirm('one', before + 1)).toMatchObject({ revision: before + 2, changedScopes: ['t:b'] });
    await vi.waitFor(() => expect(heard.get('one')).toBe(before + 1));
    expect(await log.followers()).toEqual([{ ...known, confirmed: before + 1 }]);
    expect(await confirm('nobody', before + 1)).toMatchObject({ changedScopes: ['t:b'] });
    expect(await log.followers()).toHaveLength(1);
    await listening.close();
  });

  it('that has left is late with nothing, is heard of, and is not brought back by a renewal or a confirmation', async () => {
    const heard = new Map<string, number>();
    let sessions = 0;
    const listening = log.listen({
      change: () => {
        sessions += 1;
      },
      confirmation: (confirmed) => {
        for (const [id, revision] of confirmed) heard.set(id, revision);
      },
    });
    await vi.waitFor(() => expect(sessions).toBe(1));
    for (const id of ['one', 'two']) await renew(id, before);
    await change('t:a');
    await log.leave({ id: 'one', leaseMs: 5_000 });
    await log.leave({ id: 'never seen', leaseMs: 5_000 });
    expect(await lateIds()).toEqual(['two']);
    await vi.waitFor(() => expect(heard.get('one')).toBe(confirmedForGood));
    for (const id of ['one', 'never seen']) {
      await Promise.all([
        renew(id, before),
        renew(id, before, 9_000, 'l:'),
        log.confirm({ id, epoch, confirmed: before, heeds: '', leaseMs: 5_000 }, 100),
      ]);
    }
    await change('t:a');
    expect(await lateIds()).toEqual(['two']);
    const silent = await log.followers();
    await log.leave({ id: 'two', leaseMs: 5_000 });
    await log.forget(silent);
    expect((await log.followers()).map(({ id }) => id)).toEqual(['two']);
    await listening.close();
  });

  it('that leaves while it is renewed has left', async () => {
    for (let round = 0; round < 20; round += 1) {
      const id = `f${round}`;
      if (round % 2 === 0) await renew(id, before);
      await Promise.all([renew(id, before), log.leave({ id, leaseMs: 5_000 }), renew(id, before, 6_000)]);
    }
    await change('t:a');
    expect(await lateIds()).toEqual([]);
  });

  it('cannot confirm what has not happened yet', async () => {
    await renew('one', before + 5);
    await change('t:a');
    expect(await lateIds()).toEqual(['one']);
  });

  it('counts with the longest lease it was ever given', async () => {
    await renew('one', before, 9_000);
    await renew('one', before, 2_000);
    expect(await log.followers()).toEqual([expect.objectContaining({ id: 'one', leaseMs: 9_000 })]);
  });

  it('renews in one commit with all others of its moment, each with its own word', async () => {
    await change('t:a');
    const ids = Array.from({ length: 40 }, (_, n) => `f${n}`);
    await Promise.all(ids.map((id, n) => renew(id, before + (n % 2))));
    const late = ids.filter((_, n) => n % 2 === 0).sort();
    expect(await lateIds()).toEqual(late);
    const [row] = await database.admin`select count(distinct xmin::text)::int as commits from dbtest.follower`;
    expect(row?.commits).toBe(1);
  });

  it('that calls twice at once is taken at its later word, and each call hears of what came after its own', async () => {
    await renew('one', before);
    await change('t:a');
    const [overtaken, later] = await Promise.all([renew('one', before), renew('one', before + 1)]);
    expect(await lateIds()).toEqual([]);
    expect([overtaken.changedScopes, later.changedScopes]).toEqual([['t:a'], []]);
  });

  it('hears with its renewal what it has missed, or that it is a reset', async () => {
    const newcomer = await renew('one', before);
    expect(newcomer).toEqual({ epoch, revision: before, isReset: false, changedScopes: [] });
    for (const name of ['t:a', 't:b']) await change(name);
    expect(await renew('one', before)).toEqual(await news());
    expect(await renew('one', before + 1)).toMatchObject({ revision: before + 2, changedScopes: ['t:b'] });
    for (const [name, confirmed] of [
      ['another', before + 2],
      [epoch, before + 3],
      [epoch, before - 10_000],
    ] as const) {
      const told = await log.renew({ id: 'one', epoch: name, confirmed, heeds: '', leaseMs: 5_000 }, 100);
      expect(told).toEqual({ epoch, revision: before + 2, isReset: true, changedScopes: [] });
    }
    expect(await log.renew({ id: 'one', epoch, confirmed: before, heeds: '', leaseMs: 5_000 }, 1)).toMatchObject({
      isReset: true,
    });
  });

  describe('hears of a change that was committed while its renewal was written and could not see it,', () => {
    /** Writes to the row of the follower in a transaction that ends only after a renewal has begun and a change is made. */
    const renewBehind = async (writeRow: (tx: postgres.TransactionSql) => Promise<unknown>) => {
      const renewed = Promise.withResolvers<Awaited<ReturnType<typeof renew>>>();
      await database.admin.begin(async (tx) => {
        await writeRow(tx);
        renew('one', before).then(renewed.resolve, renewed.reject);
        await vi.waitFor(async () => {
          const [waiting] = await database.admin`
            select 1 from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and query like '%follower%'`;
          expect(waiting).toBeDefined();
        }, 5_000);
        await change('t:a');
      });
      return await renewed.promise;
    };

    it('when it is a newcomer', async () => {
      const told = await renewBehind(
        (tx) => tx`insert into dbtest.follower (id, confirmed, lease_ms) values ('one', ${before}, 5000)`,
      );
      expect(told).toMatchObject({ changedScopes: ['t:a'] });
    });

    it('when it was just struck out', async () => {
      await renew('one', before);
      const told = await renewBehind((tx) => tx`delete from dbtest.follower where id = 'one'`);
      expect(told).toMatchObject({ changedScopes: ['t:a'] });
      expect((await log.followers()).map(({ id }) => id)).toEqual(['one']);
    });
  });

  it('is forgotten only if it has not been heard of again', async () => {
    await renew('one', before);
    await renew('two', before);
    const seen = await log.followers();
    await renew('two', before);
    await log.forget(seen);
    expect((await log.followers()).map(({ id }) => id)).toEqual(['two']);
  });
});
