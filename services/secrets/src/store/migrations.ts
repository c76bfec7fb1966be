import { fileURLToPath } from 'node:url';
import type { Migrations } from '@scaivault/db';

/** The schema of this service and the steps that build it. */
export const secretsMigrations = {
  schema: 'secrets',
  folder: fileURLToPath(new URL('migrations', import.meta.url)),
} as const satisfies Migrations;
