import { DirectoryService } from '@scaivault/contracts/identity/v1/directory';
import { IdentityFeedService, IdentityService } from '@scaivault/contracts/identity/v1/identity';
import { TokenService } from '@scaivault/contracts/identity/v1/tokens';
import { createIdempotencyTable, createRevisionLog, openDatabase } from '@scaivault/db';
import {
  createIdempotency,
  createRemoteKeySeal,
  createRevisionFeed,
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
import { createMicroClock } from '@scaivault/tenancy';
import { createClientToken } from './adapters/client-token.ts';
import { openExchange } from './adapters/open-exchange.ts';
import { createNoScaiKeyLists, createScaiKeyLists } from './adapters/scaikey-lists.ts';
import { createApplyChange } from './app/apply-change.ts';
import { createExchangeToken } from './app/exchange-token.ts';
import { createFindById } from './app/find-by-id.ts';
import { createIntrospectToken } from './app/introspect-token.ts';
import { createListDirectory } from './app/list-directory.ts';
import { createFindCaller, createFindTenant, createResolveIdentity } from './app/look-up.ts';
import { createOpenDelivery } from './app/open-delivery.ts';
import { createReceiveEvent } from './app/receive-event.ts';
import { createRunSync } from './app/run-sync.ts';
import { createStartSync } from './app/start-sync.ts';
import { createSweep } from './app/sweep.ts';
import { createSyncRunner } from './app/sync-runner.ts';
import { createReadUserRoles, createSetUserRoles } from './app/user-roles.ts';
import { createOpenTenant } from './app/visibility.ts';
import { createWorkThroughSyncs } from './app/work-through-syncs.ts';
import { createDirectoryService } from './rpc/directory-service.ts';
import { createIdentityFeedService } from './rpc/identity-feed-service.ts';
import { createIdentityService } from './rpc/identity-service.ts';
import { createTokenService, tokenInputChecks } from './rpc/token-service.ts';
import { createDirectoryLists } from './store/directory-lists.ts';
import { createDirectoryStore } from './store/directory-store.ts';
import { createMirrorStore } from './store/mirror-store.ts';
import { createRoleStore } from './store/role-store.ts';
import { createSyncMirror } from './store/sync-mirror.ts';
import { createSyncRunTable } from './store/sync-run-table.ts';

const sweepEveryMs = 15 * 60_000;
/** How soon a sync that another process has left is taken over, once its lease has run out. */
const lookForSyncsEveryMs = 5_000;
/** Longer than policy, which follows the mirror, waits for its own followers. */
const lastWordsMs = 2_000;

/** The mirror of ScaiKey's directory: who a caller is, and the news of it for every process. */
export const createIdentitySyncModule = async (
  { config, logger, metrics, transportTo, nowMs }: ModuleDependencies,
  kit: Pick<ProcessKit, 'audit' | 'verify' | 'directory'>,
): Promise<ServiceModule> => {
  const url = config.DATABASE_URL?.reveal();
  if (url === undefined) throw new ConfigurationError('DATABASE_URL', 'is needed');
  const db = openDatabase({
    url,
    role: 'scaivault_identity',
    schema: 'identity',
    applicationName: 'identity-sync',
    poolSize: config.DATABASE_POOL_SIZE,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT,
    ...(config.DATABASE_CA_FILE === undefined ? {} : { caFile: config.DATABASE_CA_FILE }),
    onError: (error) => logger.warn({ err: error }, 'The database of identity-sync is not reachable'),
  });
  await db.verifyRole();

  const nowMicros = createMicroClock(nowMs);
  const directory = createDirectoryStore(db);
  const mirror = createMirrorStore(db);
  const leaseMs = config.AUTHORITY_MAX_STALENESS;
  const revisions = createRevisionLog(db);
  const feed = createRevisionFeed({ leaseMs, log: revisions });

  const service = createIdentityService({
    resolveIdentity: createResolveIdentity({ directory }),
    receiveEvent: createReceiveEvent({
      open: createOpenDelivery({ secrets: config.SCAIKEY_WEBHOOK_SECRET, nowMs }),
      directory,
      applyChange: createApplyChange({ mirror, publish: feed.publish }),
      count: (eventType, result) => metrics.identityWebhooks.inc({ event_type: eventType, result }),
      nowMicros,
    }),
  });
  const feedService = createIdentityFeedService({
    findTenant: createFindTenant({ directory }),
    findCaller: createFindCaller({ directory }),
    directory,
    feed,
  });

  const lists = createDirectoryLists(db);
  const runs = createSyncRunTable(db);
  const roles = createRoleStore(db);
  const openTenant = createOpenTenant({ directory });
  const findById = createFindById({ lists });
  const { SCAIKEY_URL: scaiKeyUrl, SCAIKEY_CLIENT_ID: clientId, SCAIKEY_CLIENT_SECRET: clientSecret } = config;
  const isConfigured = scaiKeyUrl !== undefined && clientId !== undefined && clientSecret !== undefined;
  const scaiKey = isConfigured
    ? createScaiKeyLists({
        url: scaiKeyUrl,
        token: createClientToken(
          { clientId, clientSecret, url: scaiKeyUrl, tokenUrl: config.SCAIKEY_TOKEN_URL },
          nowMs,
        ),
        nowMs,
      })
    : createNoScaiKeyLists();
  let isStopping = false;
  const workThroughSyncs = createWorkThroughSyncs({
    runs,
    runSync: createRunSync({
      runs,
      scaiKey,
      mirror: createSyncMirror(db, createSystemAudit(kit.audit, 'system:identity-sync')),
      scopesBelow: mirror.scopesBelow,
      publish: feed.publish,
      isStopping: () => isStopping,
      nowMicros,
    }),
    everyMicros: config.IDENTITY_SYNC_INTERVAL * 1000,
    count: (result) => metrics.identitySyncs.inc({ result }),
    onFailure: (error) => logger.warn({ err: error }, 'A sync with ScaiKey failed; the next one tries again'),
    nowMicros,
  });
  const syncs = createSyncRunner(workThroughSyncs, {
    everyMs: lookForSyncsEveryMs,
    onFailure: (error) => logger.warn({ err: error }, 'Looking for syncs to do failed; it is tried again'),
  });
  const directoryService = createDirectoryService({
    list: createListDirectory({ lists, runs, openTenant, findById }),
    startSync: createStartSync({ runs, directory, openTenant, isConfigured, wake: syncs.wake, nowMicros }),
    readUserRoles: createReadUserRoles({ roles, findById }),
    setUserRoles: createSetUserRoles({ roles, findById, publish: feed.publish, nowMicros }),
  });
  const tokenService = createTokenService({
    introspectToken: createIntrospectToken(kit),
    exchangeToken: createExchangeToken({
      exchange: openExchange(config, nowMs),
      verify: kit.verify,
      audience: config.SCAIKEY_AUDIENCE ?? '',
      leewayMs: config.TOKEN_LEEWAY,
      nowMs,
    }),
  });
  const idempotency = createIdempotency({
    table: createIdempotencyTable(db),
    seal: createRemoteKeySeal(transportTo('secrets')),
    config,
  });

  const sweepRevisions = async (): Promise<void> => {
    await feed.sweep();
    await revisions.trim();
  };
  const sweep = createSweep({ rows: mirror, runs, nowMicros });
  const onFailure = (error: unknown): void => logger.warn({ err: error }, 'Sweeping old rows of the mirror failed');
  const onOldRevisions = (error: unknown): void => logger.warn({ err: error }, 'Forgetting old revisions failed');
  let sweeping: Repetition | undefined;
  let sweepingRevisions: Repetition | undefined;
  let sweepingKeys: Repetition | undefined;

  return {
    name: 'identity-sync',
    services: [
      mount(IdentityService, service),
      withIdempotency(mount(DirectoryService, directoryService), idempotency),
      mount(TokenService, tokenService, tokenInputChecks),
      mount(IdentityFeedService, feedService),
    ],
    checks: { database: () => db.ping() },
    start: () => {
      sweeping = repeat(sweep, { everyMs: sweepEveryMs, onFailure });
      sweepingRevisions = repeat(sweepRevisions, { everyMs: 2 * leaseMs, onFailure: onOldRevisions });
      sweepingKeys = repeat(idempotency.sweep, {
        everyMs: sweepEveryMs,
        onFailure: (error) => logger.warn({ err: error }, 'Forgetting old Idempotency-Keys failed; it is tried again'),
      });
      if (isConfigured) syncs.start();
      return Promise.resolve();
    },
    lastWords: () => feed.untilLeft(lastWordsMs, ['identity-sync']),
    drain: feed.drain,
    stop: async () => {
      isStopping = true;
      await syncs.stop();
      await sweepingKeys?.stop();
      await feed.close();
      await sweeping?.stop();
      await sweepingRevisions?.stop();
      await db.close();
    },
  };
};
