import { fileURLToPath } from 'node:url';
import type { Migrations } from '../src/index.ts';

/** A schema that holds the tables of a revision log, and a table `rule` whose changes it numbers. */
export const revisionsFixture: Migrations = {
  schema: 'dbtest',
  folder: fileURLToPath(new URL('fixtures/revisions', import.meta.url)),
};
