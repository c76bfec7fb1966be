import { create, toBinary } from '@bufbuild/protobuf';
import { type AuditRecord, AuditRecordSchema } from '@scaivault/contracts';
import { type Database, openDatabase } from '@scaivault/db';
import type { Caller } from '@scaivault/pipeline';
import { newId, parsePartnerId, parseTenantId, type ScopeId, tenantScope } from '@scaivault/tenancy';
import { createTestDatabase, type TestDatabase } from '@scaivault/testkit';
import { createIngestRecords } from '../src/app/ingest-records.ts';
import { createLogTable } from '../src/store/log-table.ts';
import { auditWriterMigrations } from '../src/store/migrations.ts';
import { createQuarantineTable } from '../src/store/quarantine-table.ts';

export const scopeA = 't:tnt_a' as ScopeId;
export const scopeB = 't:tnt_b' as ScopeId;

/** A read that worked, of tnt_a and now, unless told otherwise. */
export const recordOf = (more: Partial<Omit<AuditRecord, '$typeName'>> = {}): AuditRecord =>
  create(AuditRecordSchema, {
    id: newId('log'),
    tenantId: 'tnt_a',
    timestampMicros: BigInt(Date.now()) * 1000n,
    action: 'read',
    identityType: 'service_account',
    identityId: 'sa:ci',
    secretPath: 'app/db',
    sourceIp: '192.0.2.1',
    userAgent: 'curl/8',
    success: true,
    durationMs: 3,
    requestId: newId('req'),
    ...more,
  });

export const encode = (record: AuditRecord): Uint8Array<ArrayBuffer> =>
  toBinary(AuditRecordSchema, record) as Uint8Array<ArrayBuffer>;

/** What use cases ask of a caller. */
export const callerOf = (tenantId: string): Pick<Caller, 'scope'> => ({
  scope: tenantScope(parseTenantId(tenantId), parsePartnerId('ptn_x')),
});

export interface OpenLog extends AsyncDisposable {
  readonly url: string;
  /** Sessions of the service's own role. */
  readonly db: Database;
  /** The owner of everything, whom no policy binds. */
  readonly owner: Database;
  readonly log: ReturnType<typeof createLogTable>;
  /** What the alarm was raised for. */
  readonly alarms: string[][];
  ingest(records: readonly Uint8Array[]): Promise<number>;
  /** Ids and numbers of a tenant, by number. */
  numbered(scopeId?: ScopeId): Promise<{ readonly id: string; readonly seq: number }[]>;
}

/** On a database of the test run, unless there is another one. */
export const openLog = async (given?: Pick<TestDatabase, 'url' | 'drop'>): Promise<OpenLog> => {
  const database = given ?? (await createTestDatabase({ migrations: [auditWriterMigrations] }));
  const open = (role: string, poolSize: number): Database =>
    openDatabase({
      url: database.url,
      role,
      schema: 'audit',
      applicationName: 'audit-test',
      poolSize,
      statementTimeoutMs: 20_000,
    });
  const db = open('scaivault_audit', 6);
  const owner = open(new URL(database.url).username, 1);
  const log = createLogTable(db);
  const alarms: string[][] = [];
  const ingest = createIngestRecords({
    log,
    quarantine: createQuarantineTable(db),
    onQuarantine: (reasons) => alarms.push([...reasons]),
    nowMicros: () => Date.now() * 1000,
  });
  return {
    url: database.url,
    db,
    owner,
    log,
    alarms,
    ingest,
    numbered: (scopeId = scopeA) =>
      db.withScope(
        scopeId,
        (tx) => tx<{ id: string; seq: number }[]>`select id, event_seq as seq from log order by event_seq`,
      ),
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await owner.close();
      await database.drop();
    },
  };
};
