import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { type Database, DatabaseError, isUniqueViolation, type Tx } from '../src/index.ts';
import { createMigratedDatabase, open, scope } from './own-database.ts';

let database: Awaited<ReturnType<typeof createMigratedDatabase>>;
let db: Database;

const addNote =
  (id: string, body = 'text', scopeId = 't:acme') =>
  async (tx: Tx) => {
    await tx`insert into note (scope_id, id, body) values (${scopeId}, ${id}, ${body})`;
  };
const noteIds = async (tx: Tx): Promise<string[]> =>
  (await tx<{ id: string }[]>`select id from note order by id`).map(({ id }) => id);

beforeAll(async () => {
  database = await createMigratedDatabase();
  db = open(database.url);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await database.admin`delete from dbtest.note`;
});

describe('row-level security', () => {
  it('shows a scope its own rows and nobody else theirs', async () => {
    await db.withScope(scope('acme'), addNote('a'));
    await db.withScope(scope('other'), addNote('b', 'text', 't:other'));
    expect(await db.withScope(scope('acme'), noteIds)).toEqual(['a']);
    expect(await db.withScope(scope('other'), noteIds)).toEqual(['b']);
  });

  it('shows nothing without a scope, in a transaction and outside one, on a session that has had one', async () => {
    const single = open(database.url, { poolSize: 1 });
    await single.withScope(scope('acme'), addNote('a'));
    expect(await single.transaction(noteIds)).toEqual([]);
    expect(await single.sql`select id from note`).toHaveLength(0);
    await single.close();
  });

  it('refuses to insert without a scope or into another one', async () => {
    await expect(db.transaction(addNote('a'))).rejects.toMatchObject({ sqlState: '42501' });
    await expect(db.withScope(scope('other'), addNote('a'))).rejects.toMatchObject({ sqlState: '42501' });
    expect(await database.admin`select id from dbtest.note`).toHaveLength(0);
  });

  it('does not let a scope move its row to another one', async () => {
    await db.withScope(scope('acme'), addNote('a'));
    const move = db.withScope(scope('acme'), (tx) => tx`update note set scope_id = 't:other'`);
    await expect(move).rejects.toMatchObject({ sqlState: '42501' });
  });

  it('shows a single statement the rows of its scope, whatever shares its session and whatever fails there', async () => {
    const single = open(database.url, { poolSize: 1 });
    for (const name of ['acme', 'other']) await single.withScope(scope(name), addNote(name, 'text', `t:${name}`));
    const readIds = async (name: string): Promise<string[]> =>
      (await single.readScope(scope(name))<{ id: string }[]>`select id from note`).map(({ id }) => id);
    const failing = single.readScope(scope('acme'))`select 1 / (select count(*) from note where id = 'none')`;
    const all = [readIds('acme'), failing, single.sql`select id from note`, readIds('other'), readIds('nobody')];
    const settled = await Promise.allSettled(all);
    expect(settled.map((one) => (one.status === 'fulfilled' ? [...one.value] : one.status))).toEqual([
      ['acme'],
      'rejected',
      [],
      ['other'],
      [],
    ]);
    const write = single.readScope(scope('acme'))`insert into note (scope_id, id, body) values ('t:acme', 'x', '')`;
    await expect(write).rejects.toMatchObject({ cause: { sqlState: '25006' } });
    expect(await single.sql`select id from note`).toHaveLength(0);
    await single.close();
  });

  it('is not asked with an empty scope, which every session without one has', async () => {
    await expect(db.withScope('' as never, noteIds)).rejects.toThrow('empty');
    expect(() => db.readScope('' as never)).toThrow('empty');
  });
});

describe('a transaction', () => {
  it('is a type that the pool is not', () => {
    expectTypeOf<Database['sql']>().not.toExtend<Tx>();
    expectTypeOf<Tx>().not.toExtend<Database['sql']>();
  });

  it('keeps nothing when the work fails, and passes its error on', async () => {
    const failure = new Error('no');
    const work = db.withScope(scope('acme'), async (tx) => {
      await addNote('a')(tx);
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await db.withScope(scope('acme'), noteIds)).toEqual([]);
  });

  it('fails when a statement failed and the work went on as if it had not', async () => {
    const work = db.withScope(scope('acme'), async (tx) => {
      await addNote('a')(tx);
      await addNote('a')(tx).catch(() => {});
    });
    await expect(work).rejects.toThrow('nothing was committed');
    expect(await db.withScope(scope('acme'), noteIds)).toEqual([]);
  });

  it('survives a failed savepoint', async () => {
    await db.withScope(scope('acme'), async (tx) => {
      await addNote('a')(tx);
      await expect(tx.savepoint(addNote('a'))).rejects.toSatisfy((error) => isUniqueViolation(error, 'note_pkey'));
      await tx.savepoint(addNote('b'));
    });
    expect(await db.withScope(scope('acme'), noteIds)).toEqual(['a', 'b']);
  });

  it('refuses statements that arrive after its end', async () => {
    let leaked: Tx | undefined;
    await db.withScope(scope('acme'), async (tx) => {
      leaked = tx;
    });
    await expect(addNote('late')(leaked as Tx)).rejects.toThrow('over');
  });

  it('finishes a statement that was started and not awaited before it commits', async () => {
    const floating: Promise<unknown>[] = [];
    await db.withScope(scope('acme'), async (tx) => {
      floating.push(addNote('a')(tx));
    });
    await Promise.all(floating);
    expect(await db.withScope(scope('acme'), noteIds)).toEqual(['a']);
  });

  it('commits what was only sent, in its order, along with what travels with its begin', async () => {
    const guarded = { isGuarded: true };
    const work = async (tx: Tx): Promise<void> => {
      tx.send(tx`insert into note (scope_id, id, body) values ('t:acme', 'a', 'first')`);
      tx.send(tx`update note set body = body || ', second' where id = 'a'`);
    };
    await db.withScope(scope('acme'), work, guarded);
    const [note] = await db.readScope(scope('acme'))<{ body: string }[]>`select body from note`;
    expect(note?.body).toBe('first, second');
  });

  it('fails with the error of a statement that was only sent, and keeps nothing', async () => {
    const work = db.withScope(scope('acme'), async (tx) => {
      await addNote('a')(tx);
      tx.send(tx`insert into note (scope_id, id, body) values ('t:acme', 'a', '')`);
      tx.send(tx`insert into note (scope_id, id, body) values ('t:acme', 'b', '')`);
      return 'done';
    });
    await expect(work).rejects.toSatisfy((error) => isUniqueViolation(error, 'note_pkey'));
    expect(await db.withScope(scope('acme'), noteIds)).toEqual([]);
  });

  it('fails with it too when a later statement was awaited, and goes on with its session', async () => {
    const single = open(database.url, { poolSize: 1 });
    const work = single.withScope(scope('acme'), async (tx) => {
      await addNote('a')(tx);
      tx.send(tx`insert into note (scope_id, id, body) values ('t:acme', 'a', '')`);
      await noteIds(tx);
    });
    await expect(work).rejects.toSatisfy((error) => isUniqueViolation(error, 'note_pkey'));
    expect(await single.withScope(scope('acme'), noteIds)).toEqual([]);
    await single.close();
  });

  it('keeps nothing when a statement that was only sent could not even be sent', async () => {
    const work = db.withScope(scope('acme'), async (tx) => {
      await addNote('a')(tx);
      tx.send(tx`update note set body = ${undefined as never}`);
    });
    await expect(work).rejects.toThrow('undefined');
    expect(await db.withScope(scope('acme'), noteIds)).toEqual([]);
  });

  it('keeps answers and statements in step when one of several at once cannot be sent', async () => {
    await db.withScope(scope('acme'), async (tx) => {
      const results = await Promise.allSettled([
        tx<{ n: number }[]>`select 1::int as n`,
        tx`select ${undefined as never}::text`,
        tx<{ n: number }[]>`select 4::int as n`,
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(results[2]).toMatchObject({ value: [{ n: 4 }] });
    });
  });
});

describe('a refused statement', () => {
  it('names the constraint and not the values', async () => {
    await db.withScope(scope('acme'), addNote('canary-id'));
    const error: unknown = await db.withScope(scope('acme'), addNote('canary-id')).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DatabaseError);
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'another')).toBe(false);
    expect(error).toMatchObject({ constraint: 'note_pkey', table: 'note' });
    expect(
      Object.getOwnPropertyNames(error)
        .map((name) => String(Reflect.get(error as object, name)))
        .join(),
    ).not.toContain('canary');
  });

  it('keeps a value that does not fit out of its message', async () => {
    const error: unknown = await db.sql`select ${'canary'}::text::int`.then(String, String);
    expect(error).toContain('22P02');
    expect(error).not.toContain('canary');
  });
});

describe('statements', () => {
  it('are built from fragments, rows, identifiers and arrays', async () => {
    await db.withScope(scope('acme'), async (tx) => {
      const rows = ['a', 'b', 'c'].map((id) => ({ scope_id: 't:acme', id, body: `body of ${id}` }));
      expect((await tx`insert into note ${tx(rows)}`).count).toBe(3);
      const wanted = tx`id = any(${['a', 'c']}::text[])`;
      const found = await tx<{ id: string }[]>`select ${tx(['id', 'body'])} from note where true ${tx`and ${wanted}`}`;
      expect(found.map(({ id }) => id)).toEqual(['a', 'c']);
      await tx`update note set ${tx({ body: 'new', id: 'ignored' }, 'body')} where id = 'a'`;
      const [note] = await tx<{ body: string }[]>`select body from note where id = 'a'`;
      expect(note?.body).toBe('new');
    });
  });

  it('run once however often they are awaited, and not at all when never awaited', async () => {
    await db.withScope(scope('acme'), async (tx) => {
      void tx`insert into note (scope_id, id, body) values ('t:acme', 'never', '')`;
      const once = tx`insert into note (scope_id, id, body) values ('t:acme', 'once', '')`;
      await Promise.all([once, once]);
      expect(await noteIds(tx)).toEqual(['once']);
    });
  });
});
