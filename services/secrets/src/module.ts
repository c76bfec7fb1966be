import { randomBytes } from 'node:crypto';
import { CredentialsService } from '@scaivault/contracts/secrets/v1/credentials';
import { KeyService } from '@scaivault/contracts/secrets/v1/keys';
import { SecretPoliciesService } from '@scaivault/contracts/secrets/v1/secret_policies';
import { SecretsService } from '@scaivault/contracts/secrets/v1/secrets';
import { SystemService } from '@scaivault/contracts/secrets/v1/system';
import { createKeyChain } from '@scaivault/crypto';
import { checkMigrated, createIdempotencyTable, loadCursorKey, openDatabase, serviceRole } from '@scaivault/db';
import {
  backlogEveryMs,
  createAccessInterest,
  createMeasureBacklog,
  createOutboxTable,
  createShipEvents,
  type Relay,
  startRelay,
} from '@scaivault/outbox';
import { createIdempotency, createSystemAudit, type ProcessKit, withIdempotency } from '@scaivault/pipeline';
import {
  ConfigurationError,
  type ModuleDependencies,
  mount,
  type Repetition,
  repeat,
  type ServiceModule,
} from '@scaivault/runtime';
import { createCursorCodec } from '@scaivault/tenancy';
import { createIntegrityAlarm } from './adapters/integrity-alarm.ts';
import { openKeyWrapper } from './adapters/open-key-wrapper.ts';
import { openObjectStore } from './adapters/open-object-store.ts';
import { createPathCursors } from './adapters/path-cursors.ts';
import { createRowKeySeal } from './adapters/row-key-seal.ts';
import { createSecretCipher } from './adapters/secret-cipher.ts';
import { createTellDueEvents } from './adapters/tell-due-events.ts';
import { createValueObjects } from './adapters/value-objects.ts';
import { createAccessRecorder } from './app/access-recorder.ts';
import { createReadHealth } from './app/read-health.ts';
import { createSecretPolicyUseCases } from './app/secret-policies/use-cases.ts';
import { createSweepDueSecrets } from './app/sweep-due-secrets.ts';
import { createSweepLooseObjects } from './app/sweep-loose-objects.ts';
import { createTellAccess } from './app/tell-access.ts';
import { createTurns } from './app/turns.ts';
import { createSecretsUseCases } from './app/use-cases.ts';
import { createSecretsInputChecks } from './rpc/check-input.ts';
import { secretPolicyInputChecks } from './rpc/check-secret-policy-input.ts';
import { createCredentialsRpc } from './rpc/credentials-rpc.ts';
import { createKeyRpc } from './rpc/key-rpc.ts';
import { createSecretPoliciesRpc } from './rpc/secret-policies-rpc.ts';
import { createSecretsRpc } from './rpc/secrets-rpc.ts';
import { createSystemRpc } from './rpc/system-rpc.ts';
import { createAccessEvents } from './store/access-events.ts';
import { createAccessTimes } from './store/access-times.ts';
import { createDueSecrets } from './store/due-secrets.ts';
import { createKeyVersionTable, holdsKeys } from './store/key-version-table.ts';
import { createLooseObjectTable } from './store/loose-object-table.ts';
import { secretsMigrations } from './store/migrations.ts';
import { createSecretPolicyStore } from './store/secret-policy-store.ts';
import { createSecretStore } from './store/secret-store.ts';

/** Nothing due waits longer than this when nobody wakes the sweep (design, section 9). */
const sweepEveryMs = 15_000;
const accessTimesEveryMs = 60_000;
const idempotencyKeysEveryMs = 15 * 60_000;

/** The secrets service, wired. */
export const createSecretsModule = async (
  { config, logger, metrics, transportTo, nowMs }: ModuleDependencies,
  kit: Pick<ProcessKit, 'audit' | 'health'>,
): Promise<ServiceModule> => {
  if (config.DATABASE_URL === undefined) throw new ConfigurationError('DATABASE_URL', 'is needed');
  const caFile = config.DATABASE_CA_FILE === undefined ? {} : { caFile: config.DATABASE_CA_FILE };
  const url = config.DATABASE_URL.reveal();
  if (config.DATABASE_MIGRATE === 'check') await checkMigrated({ url, ...caFile, migrations: [secretsMigrations] });

  const db = openDatabase({
    url,
    ...caFile,
    role: serviceRole(secretsMigrations.schema),
    schema: secretsMigrations.schema,
    applicationName: 'scaivault-secrets',
    poolSize: config.DATABASE_POOL_SIZE,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT,
    onError: (error) => logger.warn({ err: error }, 'The database of secrets is not reachable'),
  });
  await db.verifyRole();
  const wrapper = await openKeyWrapper(config, () => holdsKeys(db));
  const keys = createKeyChain({
    wrapper,
    store: createKeyVersionTable(db),
    protection: config.KEY_PROTECTION,
    cacheTtlMs: config.KEY_CACHE_TTL,
    cacheMax: config.KEY_CACHE_MAX,
    graceMs: config.KEY_CACHE_GRACE,
    // The age of a key must not depend on somebody setting the wall clock.
    nowMs: () => performance.now(),
  });

  const clock = (): number => Math.floor(nowMs()) * 1000;
  const store = createSecretStore(db);
  const policies = createSecretPolicyStore(db);
  const objects = await openObjectStore(config, db);
  const looseObjects = createLooseObjectTable(db);
  const cipher = createSecretCipher({
    keys,
    objects: createValueObjects({ objects, looseObjects, clock }),
    thresholdBytes: config.OBJECT_STORE_THRESHOLD,
    alarm: createIntegrityAlarm({ logger, metrics }),
  });
  const failed = (what: string) => (error: unknown) => logger.warn({ err: error }, `${what} failed; it is tried again`);
  const recorder = createAccessRecorder({
    times: createAccessTimes(db),
    clock,
    onFailure: failed('Writing down when secrets were read'),
  });

  const interest = createAccessInterest({
    transport: transportTo('events'),
    nowMs: () => performance.now(),
    onFailure: failed('Asking who listens to reads'),
  });
  const cursorKey = await loadCursorKey(db);
  const cursors = createCursorCodec({ key: cursorKey, nowMs });
  const secretPolicies = createSecretPolicyUseCases({
    policies,
    cursors,
    sources: { randomBytes, nowMs },
    inTurn: createTurns(),
    clock,
  });
  const secrets = createSecretsUseCases({
    store,
    policies,
    cipher,
    recorder,
    tellAccess: createTellAccess({
      isListened: interest.isListened,
      accessEvents: createAccessEvents(db),
      clock,
    }),
    generateValue: secretPolicies.generateValue,
    versionCursors: cursors,
    pathCursors: createPathCursors({ key: cursorKey, nowMs }),
    inTurn: createTurns(),
    clock,
    maxDataBytes: config.SECRET_MAX_BYTES,
  });

  const idempotency = createIdempotency({
    table: createIdempotencyTable(db),
    seal: createRowKeySeal(keys, 'secrets'),
    config,
  });

  const sweepDueSecrets = createSweepDueSecrets({
    dueSecrets: createDueSecrets(db),
    audit: createSystemAudit(kit.audit, 'system:secrets'),
    clock,
    tell: createTellDueEvents(logger),
    onFailure: failed('Seeing to a secret that was due'),
  });
  const sweepLooseObjects = createSweepLooseObjects({ looseObjects, objects, clock });
  const readHealth = createReadHealth({
    ...kit.health,
    database: db,
    encryption: () => keys.health(),
    objectStore: config.S3_BUCKET === undefined ? undefined : () => objects.check(),
  });
  const outbox = createOutboxTable(db);
  const measureBacklog = createMeasureBacklog({ table: outbox, metrics, schema: secretsMigrations.schema });
  const shipEvents = createShipEvents(transportTo('events'));
  let repetitions: readonly Repetition[] = [];
  let relay: Relay | undefined;

  return {
    name: 'secrets',
    services: [
      withIdempotency(
        mount(SecretsService, createSecretsRpc(secrets, metrics), createSecretsInputChecks(config.SECRET_MAX_BYTES)),
        idempotency,
      ),
      withIdempotency(
        mount(SecretPoliciesService, createSecretPoliciesRpc(secretPolicies), secretPolicyInputChecks),
        idempotency,
      ),
      mount(SystemService, createSystemRpc({ readHealth })),
      mount(CredentialsService, createCredentialsRpc(secrets.readSecret, metrics)),
      mount(
        KeyService,
        createKeyRpc((peer) => createRowKeySeal(keys, peer)),
      ),
    ],
    checks: { database: () => db.ping(), encryption: () => keys.health() },
    start: async () => {
      // Only told: without the store large values are 503, and all else works.
      objects.check().catch((error) => logger.warn({ err: error }, 'The object store of large values cannot be used'));
      repetitions = [
        repeat(sweepDueSecrets, { everyMs: sweepEveryMs, onFailure: failed('Looking for what is due') }),
        repeat(sweepLooseObjects, { everyMs: sweepEveryMs, onFailure: failed('Deleting what no version names') }),
        repeat(idempotency.sweep, {
          everyMs: idempotencyKeysEveryMs,
          onFailure: failed('Forgetting old Idempotency-Keys'),
        }),
        repeat(measureBacklog, { everyMs: backlogEveryMs, onFailure: failed('Measuring the outbox') }),
        repeat(recorder.flush, { everyMs: accessTimesEveryMs, onFailure: () => {} }),
      ];
      relay = startRelay({ db, table: outbox, ship: shipEvents, onFailure: failed('Shipping events') });
      await interest.start();
    },
    stop: async () => {
      interest.stop();
      await relay?.stop();
      for (const repetition of repetitions) await repetition.stop();
      await recorder.flush();
      await objects.close();
      await keys.close();
      await wrapper.close();
      await db.close();
    },
  };
};
