import { fileURLToPath } from 'node:url';
import type { Migrations } from '@scaivault/db';

export const eventsMigrations: Migrations = {
  schema: 'events',
  folder: fileURLToPath(new URL('migrations', import.meta.url)),
};
