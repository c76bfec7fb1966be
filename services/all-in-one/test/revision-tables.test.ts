import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Migrations } from '@scaivault/db';
import { revisionsFixture } from '@scaivault/db/revisions-fixture';
import { expect, it } from 'vitest';
import { allMigrations } from '../src/migrations.ts';

/** What the migration of a revision log has in common, without the name of its schema; what counts as a change differs. */
const logOf = ({ schema, folder }: Migrations): string | undefined => {
  const name = readdirSync(folder).find((file) => file.endsWith('_revisions.sql'));
  if (name === undefined) return undefined;
  const [common, ...rest] = readFileSync(join(folder, name), 'utf8').split('-- What counts as a change.');
  expect(rest).toHaveLength(1);
  return common?.replaceAll(schema, '<schema>');
};

const services = allMigrations.filter((migrations) => logOf(migrations) !== undefined);

it('is the same log in every service that others cache the answers of', () => {
  expect(services.map(({ schema }) => schema).sort()).toEqual(['identity', 'policy']);
  for (const migrations of services) expect(logOf(migrations)).toBe(logOf(revisionsFixture));
});
