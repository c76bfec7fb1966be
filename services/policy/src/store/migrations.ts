import { fileURLToPath } from 'node:url';
import type { Migrations } from '@scaivault/db';

export const policyMigrations: Migrations = {
  schema: 'policy',
  folder: fileURLToPath(new URL('migrations', import.meta.url)),
};
