import type { Announce } from './announcer.ts';
import type { Connection } from './connection.ts';
import { databaseUnavailable } from './failure.ts';
import { createTx, type Tx } from './sql-tag.ts';
import type { Row, Rows, StatementParts } from './statement.ts';

const ignore = (): void => {};

const statement = (strings: string, values: StatementParts['values'] = []): StatementParts => ({ strings, values });

const tagged = (strings: TemplateStringsArray, ...values: StatementParts['values']): StatementParts => ({
  strings,
  values,
});

const createTransactionTag = (connection: Connection) => {
  let isOpen = true;
  let last: Promise<unknown> = Promise.resolve();
  let savepoints = 0;
  const topics = new Set<string>();
  const failures: unknown[] = [];

  // Sent at once: the session runs them in this order, and refuses whatever comes behind one that has failed.
  const execute = (parts: StatementParts): Promise<Rows<Row[]>> => {
    if (!isOpen) return Promise.reject(new Error('The transaction is over; this statement was not run.'));
    const result = connection.run(parts);
    last = Promise.allSettled([last, result]);
    return result;
  };

  const savepoint: Tx['savepoint'] = async (work) => {
    savepoints += 1;
    const name = `savepoint_${savepoints}`;
    await execute(statement(`savepoint ${name}`));
    try {
      const result = await work(tx);
      await execute(statement(`release savepoint ${name}`));
      return result;
    } catch (error) {
      await execute(statement(`rollback to savepoint ${name}`));
      throw error;
    }
  };

  const tx = createTx(execute, {
    savepoint,
    send: (sent) => void sent.catch((error: unknown) => failures.push(error)),
    announce: (topic) => void topics.add(topic),
  });
  return {
    tx,
    /** Of statements that were only sent; the first is why the transaction fails. */
    failures,
    /** What is to be announced once it is committed. */
    topics,
    /** No statement is taken any more; resolves when those already taken are done. */
    end: async (): Promise<void> => {
      isOpen = false;
      await last;
    },
  };
};

const begin = async (connection: Connection, scopeId: string | undefined, how = 'begin'): Promise<void> => {
  // Sent together, so that a transaction costs one round trip to begin, scope included.
  const begun = connection.run(statement(how));
  const scoped =
    scopeId === undefined
      ? Promise.resolve()
      : connection.run(tagged`select set_config('scaivault.scope', ${scopeId}, true)`);
  await Promise.all([begun, scoped]);
};

const rollback = async (connection: Connection): Promise<void> => {
  try {
    await connection.run(statement('rollback'));
  } catch {
    // Whatever state it is in, nobody else must inherit it; the caller's error is the one that matters.
    connection.discard('The transaction could not be rolled back.');
  }
};

const commit = async (connection: Connection): Promise<void> => {
  const result = (await connection.run(statement('commit'))) as Rows<Row[]> & { readonly command: string };
  // The server answers COMMIT with ROLLBACK when a statement had failed and the work went on regardless.
  if (result.command !== 'COMMIT') throw new Error('A statement of the transaction failed, so nothing was committed.');
};

/**
 * Runs one statement that reads in a transaction of its own, all of it in one trip. Not for writes: should the server
 * refuse to begin, the statement has been sent all the same, and finds no scope.
 */
export const readInScope = async (
  connection: Connection,
  scopeId: string,
  parts: StatementParts,
): Promise<Rows<Row[]>> => {
  const [, rows] = await Promise.all([
    begin(connection, scopeId, 'begin read only'),
    connection.run(parts),
    commit(connection),
  ]);
  return rows;
};

export interface TransactionOptions {
  /**
   * Row-level security keeps the first statements from finding or writing anything without the scope. They then travel
   * along with `begin`: should the server refuse that, they have been sent all the same.
   */
  readonly isGuarded?: boolean;
}

/** Runs `work` in one transaction of this session; its failure rolls everything back. */
export const runTransaction = async <T>(
  connection: Connection,
  scopeId: string | undefined,
  work: (tx: Tx) => Promise<T>,
  announce: Announce,
  { isGuarded = false }: TransactionOptions = {},
): Promise<T> => {
  const begun = begin(connection, scopeId).catch((error: unknown) => {
    connection.discard('The transaction could not be begun.');
    throw error;
  });
  begun.catch(ignore);
  if (!isGuarded) await begun;
  const { tx, topics, failures, end } = createTransactionTag(connection);
  const fail = async (error: unknown): Promise<never> => {
    await end();
    await begun;
    await rollback(connection);
    throw failures.length > 0 ? failures[0] : error;
  };
  let result: T;
  try {
    result = await work(tx);
  } catch (error) {
    return await fail(error);
  }
  const ended = end();
  // Behind all microtasks of this turn: what could not even be sent has failed by then, and nothing is committed without it.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  if (failures.length > 0) return await fail(failures[0]);
  if (connection.isLost) throw databaseUnavailable(new Error('The connection was lost before the commit.'));
  // What is still under way is not waited for: the server answers COMMIT with ROLLBACK when it has failed.
  const committed = commit(connection);
  committed.catch(ignore);
  await begun;
  await ended;
  if (failures.length > 0) throw failures[0];
  await committed;
  for (const topic of topics) announce(topic);
  return result;
};
