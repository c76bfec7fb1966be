import { setTimeout } from 'node:timers/promises';
import { AuditIngestService, AuditService } from '@scaivault/contracts/audit/v1/audit';
import { checkMigrated, createIdempotencyTable, loadCursorKey, openDatabase, serviceRole } from '@scaivault/db';
import { chooseClock, type Worker, workOff } from '@scaivault/jobs';
import { createOutbound } from '@scaivault/outbound';
import {
  createIdempotency,
  createRemoteKeySeal,
  createSystemAudit,
  type ProcessKit,
  withIdempotency,
} from '@scaivault/pipeline';
import {
  ConfigurationError,
  type ModuleDependencies,
  mount,
  type Repetition,
  repeat,
  type ServiceModule,
} from '@scaivault/runtime';
import { createCursorCodec, createMicroClock } from '@scaivault/tenancy';
import { createCredentialsBox } from './adapters/export/credentials-box.ts';
import { createOpenStore } from './adapters/export/open-store.ts';
import { createReadCredentials } from './adapters/export/read-credentials.ts';
import { createSealAlarms } from './adapters/seal-alarms.ts';
import { createApplyRetention } from './app/apply-retention.ts';
import { createExports } from './app/export/use-cases.ts';
import { createIngestRecords } from './app/ingest-records.ts';
import { createPrepareMonths } from './app/prepare-months.ts';
import { createQueryLogs } from './app/query-logs.ts';
import { createReadPage } from './app/read-page.ts';
import { createReadIdentityTrail, createReadSecretTrail } from './app/read-trails.ts';
import { createProof } from './app/seal/use-cases.ts';
import { createReadSettings, createSetSettings } from './app/settings.ts';
import { createSummarizeLogs } from './app/summarize-logs.ts';
import { retentionBounds, retentionDays } from './domain/retention.ts';
import { createAuditIngestService } from './rpc/audit-ingest-service.ts';
import { createAuditService } from './rpc/audit-service.ts';
import { exportInputChecks } from './rpc/export-rpcs.ts';
import { createCheckpointTable } from './store/checkpoint-table.ts';
import { createExpiry } from './store/expiry.ts';
import { createExportJobTable } from './store/export-job-table.ts';
import { createExportTable } from './store/export-table.ts';
import { createLogTable } from './store/log-table.ts';
import { auditWriterMigrations } from './store/migrations.ts';
import { createQuarantineTable } from './store/quarantine-table.ts';
import { createSealerPlace } from './store/sealer-place.ts';
import { createSettingsTable } from './store/settings-table.ts';
import { createSigningKeyTable } from './store/signing-key-table.ts';
import { createSummaryTables } from './store/summary-tables.ts';
import { createTrailTables } from './store/trail-tables.ts';

const prepareEveryMs = 24 * 3_600_000;
const sweepEveryMs = 15 * 60_000;
/** A file that is on its way has so long to arrive when the process ends; else whoever goes on writes it again. */
const uploadEndsMs = 5_000;
/** Full batches wait no longer than this for their seal. */
const sealEveryMs = 1_000;

/** Audit: takes the records that journals ship, numbers, seals and keeps them as long as a tenant wants, answers queries. */
export const createAuditWriterModule = async (
  { config, logger, metrics, transportTo, nowMs }: ModuleDependencies,
  kit: Pick<ProcessKit, 'audit'>,
): Promise<ServiceModule> => {
  if (config.DATABASE_URL === undefined) throw new ConfigurationError('DATABASE_URL', 'is needed');
  const defaultDays = retentionDays(config.AUDIT_RETENTION);
  if (defaultDays === undefined) {
    const { least, most } = retentionBounds;
    throw new ConfigurationError('AUDIT_RETENTION', `is a whole number of days from ${least}d to ${most}d`);
  }
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
  const summaries = { ...createTrailTables(db), ...createSummaryTables(db) };
  const settings = createSettingsTable(db);
  const quarantine = createQuarantineTable(db);
  const onQuarantine = (reasons: readonly string[]): void =>
    logger.error(
      { alarm: 'audit_record_quarantined', records: reasons.length, reasons: [...new Set(reasons)] },
      'Audit records that no log can take were set aside in audit.quarantine',
    );
  const cursors = createCursorCodec({ key: await loadCursorKey(db), nowMs });
  const readPage = createReadPage({ log, cursors, nowMicros });
  const trails = { readPage, summaries, nowMicros };
  const alarms = createSealAlarms({ logger, metrics, nowMs: () => performance.now() });
  const checkpoints = createCheckpointTable(db);
  const keys = createSigningKeyTable(db);
  const seal = createRemoteKeySeal(transportTo('secrets'), 'The key chain cannot be asked at the moment.');
  const proof = createProof({
    checkpoints,
    place: createSealerPlace(db),
    keys,
    seal,
    cursors,
    intervalMs: config.AUDIT_SEAL_INTERVAL,
    nowMicros,
    alarms,
  });
  const useCases = {
    queryLogs: createQueryLogs({ readPage }),
    readSecretTrail: createReadSecretTrail(trails),
    readIdentityTrail: createReadIdentityTrail(trails),
    summarizeLogs: createSummarizeLogs({ summaries, nowMicros }),
    readSettings: createReadSettings({ settings, defaultDays }),
    setSettings: createSetSettings({ settings, nowMicros }),
  };
  const idempotency = createIdempotency({
    table: createIdempotencyTable(db),
    seal: createRemoteKeySeal(transportTo('secrets')),
    config,
  });

  const prepareMonths = createPrepareMonths({ log, nowMicros });
  const applyRetention = createApplyRetention({
    expiry: createExpiry(db),
    audit: createSystemAudit(kit.audit, 'system:audit-writer'),
    onMonthDropped: (month) => logger.info({ month }, 'A month in which nobody has records left was dropped'),
    defaultDays,
    nowMicros,
  });
  const failed = (what: string) => (error: unknown) => logger.warn({ err: error }, `${what} failed; it is tried again`);
  let worker: Worker | undefined;
  const exports = createExports({
    exports: createExportTable(db),
    jobs: createExportJobTable(db),
    log,
    checkpoints,
    keys,
    signer: proof.signer,
    summaries,
    readSecret: createReadCredentials(transportTo('secrets')),
    openStore: createOpenStore(createOutbound({ config }), nowMs),
    box: createCredentialsBox(seal),
    cursors,
    nowMicros,
    random: Math.random,
    wake: () => worker?.wake(),
    onFailure: failed('Work on an export'),
    onEnd: (result) => metrics.auditExports.inc({ result }),
  });
  let repetitions: readonly Repetition[] = [];

  return {
    name: 'audit-writer',
    services: [
      withIdempotency(
        mount(AuditService, createAuditService(useCases, proof.useCases, exports.useCases), exportInputChecks),
        idempotency,
      ),
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
      repetitions = [
        repeat(prepareMonths, { everyMs: prepareEveryMs, onFailure: failed('Making room for the months ahead') }),
        repeat(proof.sealTurn, { everyMs: sealEveryMs, onFailure: alarms.stalled }),
        repeat(applyRetention, { everyMs: sweepEveryMs, onFailure: failed('Removing records that are not kept') }),
        repeat(idempotency.sweep, { everyMs: sweepEveryMs, onFailure: failed('Forgetting old Idempotency-Keys') }),
      ];
      worker = await workOff({
        pass: exports.runs.pass,
        openClock: chooseClock({ config, name: 'exports', logger, nowMs }),
        nowMs,
        onFailure: failed('Looking for exports'),
      });
    },
    stop: async () => {
      proof.stop();
      exports.stop();
      await worker?.stop();
      await Promise.race([exports.runs.idle(), setTimeout(uploadEndsMs, undefined, { ref: false })]);
      for (const repetition of repetitions) await repetition.stop();
      await proof.leave().catch(alarms.stalled);
      await db.close();
    },
  };
};
