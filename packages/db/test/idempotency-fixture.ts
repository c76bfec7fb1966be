import { fileURLToPath } from 'node:url';
import type { Migrations } from '../src/index.ts';

/** A schema that holds the table `idempotency` and nothing else. */
export const idempotencyFixture: Migrations = {
  schema: 'dbtest',
  folder: fileURLToPath(new URL('fixtures/idempotency', import.meta.url)),
};
