import { fileURLToPath } from 'node:url';
import type { Migrations } from '@scaivault/db';

/** A schema that holds an outbox. */
export const outboxFixture: Migrations = {
  schema: 'dbtest',
  folder: fileURLToPath(new URL('fixtures/outbox', import.meta.url)),
};
