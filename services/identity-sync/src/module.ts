import { IdentityFeedService, IdentityService } from '@scaivault/contracts';
import { openDatabase } from '@scaivault/db';
import { createRevisionFeed } from '@scaivault/pipeline';
import {
  ConfigurationError,
  type ModuleDependencies,
  mount,
  type Repetition,
  repeat,
  type ServiceModule,
} from '@scaivault/runtime';
import { createMicroClock } from '@scaivault/tenancy';

import { createApplyChange } from './app/apply-change.ts';
import { createFindCaller, createFindTenant, createResolveIdentity } from './app/look-up.ts';
import { createOpenDelivery } from './app/open-delivery.ts';
import { createReceiveEvent } from './app/receive-event.ts';
import { createSweep } from './app/sweep.ts';
import { createIdentityFeedService } from './rpc/identity-feed-service.ts';
import { createIdentityService } from './rpc/identity-service.ts';
import { createDirectoryStore } from './store/directory-store.ts';
import { createMirrorStore } from './store/mirror-store.ts';

const sweepEveryMs = 15 * 60_000;

/** The mirror of ScaiKey's directory: who a caller is, and the news of it for every process. */
export const createIdentitySyncModule = async ({
  config,
  logger,
  metrics,
  peersMaySurviveUs,
  nowMs,
}: ModuleDependencies): Promise<ServiceModule> => {
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
  const feed = createRevisionFeed({ leaseMs, earlierLeaseMs: peersMaySurviveUs ? leaseMs : 0 });

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

  const sweep = createSweep({ rows: mirror, nowMicros });
  const onFailure = (error: unknown): void => logger.warn({ err: error }, 'Sweeping old rows of the mirror failed');
  let sweeping: Repetition | undefined;

  return {
    name: 'identity-sync',
    services: [mount(IdentityService, service), mount(IdentityFeedService, feedService)],
    checks: { database: () => db.ping() },
    start: () => {
      sweeping = repeat(sweep, { everyMs: sweepEveryMs, onFailure });
      return Promise.resolve();
    },
    stop: async () => {
      feed.close();
      await sweeping?.stop();
      await db.close();
    },
  };
};
