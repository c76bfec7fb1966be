import { AuditIngestService, AuditService } from '@scaivault/contracts';
import { checkMigrated, loadCursorKey, openDatabase, serviceRole } from '@scaivault/db';
import {
  ConfigurationError,
  type ModuleDependencies,
  mount,
  type Repetition,
  repeat,
  type ServiceModule,
} from '@scaivault/runtime';
import { createCursorCodec, createMicroClock } from '@scaivault/tenancy';
import { createIngestRecords } from './app/ingest-records.ts';
import { createPrepareMonths } from './app/prepare-months.ts';
import { createQueryLogs } from './app/query-logs.ts';
import { createAuditIngestService } from './rpc/audit-ingest-service.ts';
import { createAuditService } from './rpc/audit-service.ts';
import { createLogTable } from './store/log-table.ts';
import { auditWriterMigrations } from './store/migrations.ts';
import { createQuarantineTable } from './store/quarantine-table.ts';

const prepareEveryMs = 24 * 3_600_000;

/** Audit: takes the records that journals ship, numbers and keeps them, answers queries. */
export const createAuditWriterModule = async ({
  config,
  logger,
  nowMs,
}: ModuleDependencies): Promise<ServiceModule> => {
  if (config.DATABASE_URL === undefined) throw new ConfigurationError('DATABASE_URL', 'is needed');
  const caFile = config.DATABASE_CA_FILE === undefined ? {} : { caFile: config.DATABASE_CA_FILE };
  const url = config.DATABASE_URL.reveal();
  if (config.DATABASE_MIGRATE === 'check') await checkMigrated({ url, ...caFile, migrations: [auditWriterMigrations] });
  const db = openDatabase({
    url,
    ...caFile,
    role: serviceRole(auditWriterMigrations.schema),
    schema: auditWriterMigrations.schema,
    applicationName: 'scaivault-audit-writer',
    poolSize: config.DATABASE_POOL_SIZE,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT,
    onError: (error) => logger.warn({ err: error }, 'The database of audit-writer is not reachable'),
  });
  await db.verifyRole();

  const nowMicros = createMicroClock(nowMs);
  const log = createLogTable(db);
  const quarantine = createQuarantineTable(db);
  const onQuarantine = (reasons: readonly string[]): void =>
    logger.error(
      { alarm: 'audit_record_quarantined', records: reasons.length, reasons: [...new Set(reasons)] },
      'Audit records that no log can take were set aside in audit.quarantine',
    );
  const cursors = createCursorCodec({ key: await loadCursorKey(db), nowMs });
  const prepareMonths = createPrepareMonths({ log, nowMicros });
  let preparing: Repetition | undefined;

  return {
    name: 'audit-writer',
    services: [
      mount(AuditService, createAuditService({ queryLogs: createQueryLogs({ log, cursors, nowMicros }) })),
      mount(
        AuditIngestService,
        createAuditIngestService({
          ingestRecords: createIngestRecords({ log, quarantine, onQuarantine, nowMicros }),
        }),
      ),
    ],
    checks: { database: () => db.ping() },
    start: async () => {
      await prepareMonths();
      preparing = repeat(prepareMonths, {
        everyMs: prepareEveryMs,
        onFailure: (error) =>
          logger.warn({ err: error }, 'Making room for the months ahead failed; a record that needs one makes it'),
      });
    },
    stop: async () => {
      await preparing?.stop();
      await db.close();
    },
  };
};
