import { type Database, openDatabase } from '@scaivault/db';
import type { PolicyPath, ScopeId } from '@scaivault/tenancy';
import type { NewEvent } from '../src/new-event.ts';

export const scopeA = 't:tnt_a' as ScopeId;

/** The expiry of that version of a secret; any event would do. */
export const expiry = (path: string, version: number): NewEvent => ({
  type: 'secret.expired',
  data: { version, expires_at: '2027-01-01T00:00:00Z' },
  scopeId: scopeA,
  origin: { identityId: 'system:tests', requestId: null, atMicros: 1_790_000_000_123_456 },
  path: path as PolicyPath,
  secret: { secretType: 'kv', tags: ['crm', 'eu'] },
});

/** Sessions of a service with an outbox. */
export const openService = (url: string, poolSize = 4): Database =>
  openDatabase({
    url,
    role: 'scaivault_dbtest',
    schema: 'dbtest',
    applicationName: 'outbox-test',
    poolSize,
    statementTimeoutMs: 20_000,
  });
