import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Migrations } from '@scaivault/db';
import { outboxFixture } from '@scaivault/outbox/fixture';
import { expect, it } from 'vitest';
import { allMigrations } from '../src/migrations.ts';

/** The migrations that make an outbox, in their order. */
const outboxOf = ({ folder }: Migrations): readonly string[] =>
  readdirSync(folder)
    .filter((file) => /_outbox(_\w+)?\.sql$/.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'));

it('is the same outbox in every service that has events', () => {
  const services = allMigrations.filter((migrations) => outboxOf(migrations).length > 0);
  expect(services.map(({ schema }) => schema).sort()).toEqual(['events', 'policy', 'secrets']);
  for (const migrations of services) {
    const wanted = outboxOf(outboxFixture).map((text) => text.replaceAll(outboxFixture.schema, migrations.schema));
    expect(outboxOf(migrations)).toEqual(wanted);
  }
});
