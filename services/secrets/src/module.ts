import { SecretsService } from '@scaivault/contracts';
import { createKeyChain } from '@scaivault/crypto';
import { checkMigrated, loadCursorKey, openDatabase, serviceRole } from '@scaivault/db';
import { ConfigurationError, type ModuleDependencies, mount, type ServiceModule } from '@scaivault/runtime';
import { createCursorCodec } from '@scaivault/tenancy';
import { openKeyWrapper } from './adapters/open-key-wrapper.ts';
import { createPathCursors } from './adapters/path-cursors.ts';
import { createSecretCipher } from './adapters/secret-cipher.ts';
import { createDeleteSecret } from './app/delete-secret.ts';
import { createListSecrets } from './app/list-secrets.ts';
import { createListVersions } from './app/list-versions.ts';
import { createPutSecret } from './app/put-secret.ts';
import { createReadSecret } from './app/read-secret.ts';
import { createRestoreSecret } from './app/restore-secret.ts';
import { createTurns } from './app/turns.ts';
import { createSecretsInputChecks } from './rpc/check-input.ts';
import { createSecretsRpc } from './rpc/secrets-rpc.ts';
import { createKeyVersionTable, holdsKeys } from './store/key-version-table.ts';
import { secretsMigrations } from './store/migrations.ts';
import { createSecretStore } from './store/secret-store.ts';

/** The secrets service, wired. */
export const createSecretsModule = async ({
  config,
  logger,
  metrics,
  nowMs,
}: ModuleDependencies): Promise<ServiceModule> => {
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

  const store = createSecretStore(db);
  const cipher = createSecretCipher({ keys, logger, metrics });
  const clock = (): number => Math.floor(nowMs()) * 1000;
  const cursorKey = await loadCursorKey(db);
  const service = createSecretsRpc(
    {
      readSecret: createReadSecret({ store, cipher, clock }),
      putSecret: createPutSecret({
        store,
        cipher,
        clock,
        inTurn: createTurns(),
        maxDataBytes: config.SECRET_MAX_BYTES,
      }),
      deleteSecret: createDeleteSecret({ store, clock }),
      restoreSecret: createRestoreSecret({ store, clock }),
      listVersions: createListVersions({ store, clock, cursors: createCursorCodec({ key: cursorKey, nowMs }) }),
      listSecrets: createListSecrets({ store, clock, cursors: createPathCursors({ key: cursorKey, nowMs }) }),
    },
    metrics,
  );

  return {
    name: 'secrets',
    services: [mount(SecretsService, service, createSecretsInputChecks(config.SECRET_MAX_BYTES))],
    checks: { database: () => db.ping(), encryption: () => keys.health() },
    start: () => Promise.resolve(),
    stop: async () => {
      await keys.close();
      await wrapper.close();
      await db.close();
    },
  };
};
