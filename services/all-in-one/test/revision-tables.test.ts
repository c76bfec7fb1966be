import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Migrations } from '@scaivault/db';
import { revisionsFixture } from '@scaivault/db/revisions-fixture';
import { expect, it } from 'vitest';
import { allMigrations } from '../src/migrations.ts';

/** What the migrations of a revision log have in common, without the name of its schema; what counts as a change differs. */
const logOf = ({ schema, folder }: Migrations): string | undefined => {
  const names = readdirSync(folder).filter((file) => /_(revisions|heeds)\.sql$/.test(file));
  if (names.length === 0) return undefined;
  const common = names.map((name) => readFileSync(join(folder, name), 'utf8').split('-- What counts as a change.')[0]);
  return common
    .map((text) => text?.replace(/(--> statement-breakpoint\n)?$/, '').replaceAll(schema, '<schema>'))
    .join('');
};

const services = allMigrations.filter((migrations) => logOf(migrations) !== undefined);

it('is the same log in every service that others cache the answers of', () => {
  expect(services.map(({ schema }) => schema).sort()).toEqual(['identity', 'policy']);
  for (const migrations of services) expect(logOf(migrations)).toBe(logOf(revisionsFixture));
});
