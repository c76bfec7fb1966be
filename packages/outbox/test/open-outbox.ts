import { openDatabase } from '@scaivault/db';
import { createTestDatabase } from '@scaivault/testkit';
import { outboxFixture } from './outbox-fixture.ts';
import { openService } from './service.ts';

/** A database with an outbox, and sessions of its owner, from whom no row is hidden. */
export const openOutbox = async () => {
  const database = await createTestDatabase({ migrations: [outboxFixture] });
  const owner = openDatabase({
    url: database.url,
    role: new URL(database.url).username,
    schema: 'dbtest',
    applicationName: 'outbox-owner',
    poolSize: 2,
    statementTimeoutMs: 20_000,
  });
  const db = openService(database.url);
  return {
    url: database.url,
    owner: owner.sql,
    db,
    close: async () => {
      await db.close();
      await owner.close();
      await database.drop();
    },
  };
};
