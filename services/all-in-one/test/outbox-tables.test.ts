import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Migrations } from '@scaivault/db';
import { outboxFixture } from '@scaivault/outbox/fixture';
import { expect, it } from 'vitest';
import { allMigrations } from '../src/migrations.ts';

/** The migration that makes an outbox. */
const outboxOf = ({ folder }: Migrations): string | undefined => {
  const name = readdirSync(folder).find((file) => file.endsWith('_outbox.sql'));
  return name === undefined ? undefined : readFileSync(join(folder, name), 'utf8');
};

it('is the same outbox in every service that has events', () => {
  const services = allMigrations.filter((migrations) => outboxOf(migrations) !== undefined);
  expect(services.map(({ schema }) => schema).sort()).toEqual(['events', 'policy', 'secrets']);
  for (const migrations of services) {
    expect(outboxOf(migrations)).toBe(outboxOf(outboxFixture)?.replaceAll(outboxFixture.schema, migrations.schema));
  }
});
