import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Migrations } from '@scaivault/db';
import { idempotencyFixture } from '@scaivault/db/idempotency-fixture';
import { expect, it } from 'vitest';
import { allMigrations } from '../src/migrations.ts';

/** The migration that makes the table `idempotency`, without the name of its schema (one of which is a word of SQL). */
const tableOf = ({ schema, folder }: Migrations): string | undefined => {
  const name = readdirSync(folder).find((file) => file.endsWith('_idempotency.sql'));
  if (name === undefined) return undefined;
  const text = readFileSync(join(folder, name), 'utf8').replaceAll('create policy', 'create row rule');
  return text.replaceAll(schema, '<schema>');
};

const services = allMigrations.filter((migrations) => tableOf(migrations) !== undefined);

it('is the same table in every service that honours an Idempotency-Key', () => {
  expect(services.map(({ schema }) => schema).sort()).toEqual(['audit', 'events', 'identity', 'policy', 'secrets']);
  for (const migrations of services) expect(tableOf(migrations)).toBe(tableOf(idempotencyFixture));
});
