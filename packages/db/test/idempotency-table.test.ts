import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createIdempotencyTable,
  type Database,
  type IdempotencyTable,
  migrate,
  type NewRequest,
  type RequestPlace,
} from '../src/index.ts';
import { idempotencyFixture } from './idempotency-fixture.ts';
import { createEmptyDatabase, open, scope } from './own-database.ts';

const tenant = scope('acme');
const another = scope('other');
const busyMs = 60_000;

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let db: Database;
let table: IdempotencyTable;
let place: RequestPlace;

const request = (): NewRequest => ({
  token: randomUUID(),
  fingerprint: randomBytes(32),
  sealedKey: { ciphertext: randomBytes(94), wrappedKey: randomBytes(62), wrappedBy: 'key_1' },
});

/** Claims the place for a new run; its token. */
const begin = async (at = place, aliveMs = busyMs): Promise<string> => {
  const claim = request();
  expect(await table.insert(at, claim, aliveMs)).toBe(true);
  return claim.token;
};

const commit = (token: string, at = place, scopeId = at.scopeId): Promise<boolean> =>
  db.withScope(scopeId, (tx) => table.commit(tx, at, token));

const expire = () => database.admin`update dbtest.idempotency set expires_at = now() - interval '1 second'`;

beforeAll(async () => {
  database = await createEmptyDatabase();
  await migrate({ url: database.url, migrations: [idempotencyFixture], log: () => {} });
  db = open(database.url);
  table = createIdempotencyTable(db);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await database.admin`delete from dbtest.idempotency`;
  place = { scopeId: tenant, id: randomBytes(32) };
});

describe('a place', () => {
  it('is claimed once, and says what was claimed', async () => {
    const first = request();
    expect(await table.find(place)).toBeUndefined();
    const claims = await Promise.all([first, request(), request()].map((claim) => table.insert(place, claim, busyMs)));
    expect(claims.filter((won) => won)).toHaveLength(1);
    await database.admin`delete from dbtest.idempotency`;
    await table.insert(place, first, busyMs);
    expect(await table.find(place)).toEqual({ ...first, isBusy: true, isCommitted: false, answer: null });
  });

  it('is another one in each scope and for each asker', async () => {
    await begin();
    await begin({ ...place, scopeId: another });
    await begin({ ...place, id: randomBytes(32) });
  });

  it('is free again after 24 hours, and nothing of the old request is left', async () => {
    const token = await begin();
    await commit(token);
    await table.keep(place, token, Buffer.from('old'));
    await database.admin`update dbtest.idempotency set expires_at = expires_at - interval '23 hours 59 minutes'`;
    expect(await table.find(place)).toMatchObject({ isCommitted: true });
    await database.admin`update dbtest.idempotency set expires_at = expires_at - interval '2 minutes'`;
    expect(await table.find(place)).toBeUndefined();
    const next = request();
    expect(await table.insert(place, next, busyMs)).toBe(true);
    expect(await table.find(place)).toEqual({ ...next, isBusy: true, isCommitted: false, answer: null });
  });
});

describe('committing', () => {
  it('marks the row exactly when the transaction commits', async () => {
    const token = await begin();
    const undone = db.withScope(tenant, async (tx) => {
      await table.commit(tx, place, token);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await table.find(place)).toMatchObject({ isCommitted: false });
    expect(await commit(token)).toBe(true);
    expect(await table.find(place)).toMatchObject({ isCommitted: true });
  });

  it('is refused to a second transaction, to another run and after the row is gone', async () => {
    const token = await begin();
    expect(await commit(randomUUID())).toBe(false);
    expect(await commit(token)).toBe(true);
    expect(await commit(token)).toBe(false);
    await database.admin`delete from dbtest.idempotency`;
    expect(await commit(token)).toBe(false);
  });

  it('works from the transaction of another scope, which still sees nothing of the row', async () => {
    const token = await begin();
    const seen = await db.withScope(another, async (tx) => {
      expect(await table.commit(tx, place, token)).toBe(true);
      return await tx`select id from idempotency`;
    });
    expect(seen).toHaveLength(0);
    expect(await table.find(place)).toMatchObject({ isCommitted: true });
  });
});

describe('taking over', () => {
  it('is possible when the run no longer counts as alive, and the old run can then do nothing more', async () => {
    const old = await begin(place, busyMs);
    const token = randomUUID();
    expect(await table.takeOver(place, old, token, busyMs)).toBe(false);
    await database.admin`update dbtest.idempotency set busy_until = now()`;
    expect(await table.takeOver(place, randomUUID(), token, busyMs)).toBe(false);
    expect(await table.takeOver(place, old, token, busyMs)).toBe(true);
    expect(await table.takeOver(place, old, randomUUID(), busyMs)).toBe(false);
    expect(await commit(old)).toBe(false);
    await table.keep(place, old, Buffer.from('late'));
    await table.release(place, old);
    expect(await table.find(place)).toMatchObject({ token, isBusy: true, isCommitted: false, answer: null });
    expect(await commit(token)).toBe(true);
  });

  it('waits for a commit under way and then leaves the row alone', async () => {
    const old = await begin(place, -1);
    let takingOver: Promise<boolean> | undefined;
    await db.withScope(tenant, async (tx) => {
      await table.commit(tx, place, old);
      takingOver = table.takeOver(place, old, randomUUID(), busyMs);
      for (let waiting = 0; waiting === 0; ) {
        const sessions = await database.admin`
          select 1 from pg_locks
          where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`;
        waiting = sessions.length;
      }
    });
    expect(await takingOver).toBe(false);
    expect(await table.find(place)).toMatchObject({ token: old, isCommitted: true });
  });

  it('is not possible once there is an answer', async () => {
    const old = await begin(place, -1);
    await table.keep(place, old, Buffer.from('refused'));
    expect(await table.takeOver(place, old, randomUUID(), busyMs)).toBe(false);
  });
});

describe('releasing', () => {
  it('frees the place of a run that has done nothing', async () => {
    await table.release(place, await begin());
    expect(await table.find(place)).toBeUndefined();
  });

  it('keeps a committed row and says that its run is over', async () => {
    const token = await begin();
    await commit(token);
    expect(await table.find(place)).toMatchObject({ isBusy: true });
    await table.release(place, token);
    expect(await table.find(place)).toMatchObject({ isBusy: false, isCommitted: true, answer: null });
  });
});

describe('sweeping', () => {
  it('removes expired rows of every scope, so many at once and no others', async () => {
    for (let made = 0; made < 5; made += 1)
      await begin({ scopeId: made % 2 === 0 ? tenant : another, id: randomBytes(32) });
    await expire();
    await begin();
    expect(await table.sweep(3)).toBe(3);
    expect(await table.sweep(3)).toBe(2);
    expect(await table.sweep(3)).toBe(0);
    expect(await table.find(place)).toBeDefined();
  });
});
