import { fileURLToPath } from 'node:url';
import type { Migrations } from '@scaivault/db';

export const auditWriterMigrations: Migrations = {
  schema: 'audit',
  folder: fileURLToPath(new URL('migrations', import.meta.url)),
};
