import { fileURLToPath } from 'node:url';
import type { Migrations } from '@scaivault/db';

export const identitySyncMigrations: Migrations = {
  schema: 'identity',
  folder: fileURLToPath(new URL('migrations', import.meta.url)),
};
