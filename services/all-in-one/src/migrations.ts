import { auditWriterMigrations } from '@scaivault/audit-writer/migrations';
import type { Migrations } from '@scaivault/db';
import { eventsMigrations } from '@scaivault/events/migrations';
import { identitySyncMigrations } from '@scaivault/identity-sync/migrations';
import { policyMigrations } from '@scaivault/policy/migrations';
import { secretsMigrations } from '@scaivault/secrets/migrations';

/** The schemas of all services, in the order they are brought up to date. */
export const allMigrations: readonly Migrations[] = [
  identitySyncMigrations,
  policyMigrations,
  secretsMigrations,
  auditWriterMigrations,
  eventsMigrations,
];
