import { describe, expect, it } from 'vitest';
import type { Connection } from './connection.ts';
import { databaseUnavailable } from './failure.ts';
import type { StatementParts } from './statement.ts';
import { runTransaction } from './transaction.ts';

const textOf = ({ strings }: StatementParts): string => (typeof strings === 'string' ? strings : strings.join('?'));

/** A session that takes everything but what `refuse` refuses. */
const createSession = (refuse: (text: string) => Promise<void>) => {
  const seen: string[] = [];
  let isLost = false;
  const session: Connection = {
    run: async (parts) => {
      if (isLost) throw databaseUnavailable(new Error('lost'));
      seen.push(textOf(parts));
      await refuse(textOf(parts));
      await new Promise((resolve) => setImmediate(resolve));
      return Object.assign([], { count: 0, command: 'COMMIT' });
    },
    get isLost() {
      return isLost;
    },
    discard: () => {
      isLost = true;
    },
    close: () => Promise.resolve(),
  };
  return { session, seen };
};

/** As a server does that a cancellation has met in `begin`. */
const refuseToBegin = async (text: string): Promise<void> => {
  if (text !== 'begin') return;
  await new Promise((resolve) => setImmediate(resolve));
  throw new Error('refused to begin');
};

/** As the driver does, which looks at a statement some microtasks after it was handed over. */
const refuseToWrite = async (text: string): Promise<void> => {
  if (text !== 'unfit') return;
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
  throw new Error('cannot be written');
};

describe('a session that refuses to begin', () => {
  it('gets no statement of the work', async () => {
    const { session, seen } = createSession(refuseToBegin);
    const work = runTransaction(
      session,
      't:a',
      async (tx) => void (await tx`select 1`),
      () => {},
    );
    await expect(work).rejects.toThrow('refused to begin');
    expect(seen.filter((text) => text.startsWith('select 1'))).toEqual([]);
    expect(session.isLost).toBe(true);
  });

  it('gets only those that travel along, where the scope guards all rows, and is given up', async () => {
    const { session, seen } = createSession(refuseToBegin);
    const work = runTransaction(
      session,
      't:a',
      async (tx) => {
        await tx`select 1`;
        tx.send(tx`select 2`);
      },
      () => {},
      { isGuarded: true },
    );
    await expect(work).rejects.toThrow('refused to begin');
    expect(seen.slice(2)).toEqual(['select 1']);
    expect(session.isLost).toBe(true);
  });
});

describe('a statement that is only sent', () => {
  it('is not committed without when the driver cannot write it', async () => {
    const { session, seen } = createSession(refuseToWrite);
    const work = runTransaction(
      session,
      't:a',
      async (tx) => tx.send(tx`unfit`),
      () => {},
    );
    await expect(work).rejects.toThrow('cannot be written');
    expect(seen.slice(2)).toEqual(['unfit', 'rollback']);
  });
});
