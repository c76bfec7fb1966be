import { PolicyFeedService, PolicyService } from '@scaivault/contracts/policy/v1/policy';
import { RateLimitFeedService, RateLimitService } from '@scaivault/contracts/policy/v1/rate_limits';
import { createIdempotencyTable, createRevisionLog, loadCursorKey, openDatabase } from '@scaivault/db';
import {
  backlogEveryMs,
  createMeasureBacklog,
  createOutboxTable,
  createShipEvents,
  type Relay,
  startRelay,
} from '@scaivault/outbox';
import {
  createIdempotency,
  createRemoteKeySeal,
  createRevisionFeed,
  limitOf,
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
import { createIdentityMirror } from './adapters/identity-mirror.ts';
import { createAnalyzePolicy } from './app/analyze-policy.ts';
import { createReplacePolicy, createUpdatePolicy } from './app/change-policy.ts';
import { createChangeWhereFound } from './app/change-where-found.ts';
import { createCreateBinding } from './app/create-binding.ts';
import { createCreatePolicy } from './app/create-policy.ts';
import { createDeleteBinding } from './app/delete-binding.ts';
import { createDeletePolicy } from './app/delete-policy.ts';
import { createFindChangeable, createFindPolicy } from './app/find-policy.ts';
import { createListAccess } from './app/list-access.ts';
import { createListBindings } from './app/list-bindings.ts';
import { createListPolicies } from './app/list-policies.ts';
import { createPinBindings } from './app/pin-bindings.ts';
import { createPutInForce } from './app/put-in-force.ts';
import { createDeleteRateLimits } from './app/rate-limits/delete-rate-limits.ts';
import { createListRateLimits } from './app/rate-limits/list-rate-limits.ts';
import { createPutRateLimits } from './app/rate-limits/put-rate-limits.ts';
import { createReadBundle } from './app/read-bundle.ts';
import { createReadPolicies } from './app/read-policies.ts';
import { createReadDocument, createReadPolicy } from './app/read-policy.ts';
import { createResolveSubject } from './app/resolve-subject.ts';
import { createSweepBindings } from './app/sweep-bindings.ts';
import { createTestPolicies } from './app/test-policies.ts';
import { policyInputChecks } from './rpc/check-input.ts';
import { createPolicyFeedService } from './rpc/policy-feed-service.ts';
import { createPolicyService } from './rpc/policy-service.ts';
import { createRateLimitFeedService } from './rpc/rate-limit-feed-service.ts';
import { createRateLimitService, rateLimitInputChecks } from './rpc/rate-limit-service.ts';
import { createBindingTable } from './store/binding-table.ts';
import { createPolicyBundles } from './store/policy-bundle.ts';
import { createPolicyTable } from './store/policy-table.ts';
import { createRateLimitTable } from './store/rate-limit-table.ts';

const sweepEveryMs = 15 * 60_000;
const pinEveryMs = 15_000;
/** Owners stop last, identity-sync after this one; they follow each other, and are not waited for here. */
const owners = ['policy', 'identity-sync'];
const lastWordsMs = 1_000;

/** Access policies: who may do what on which paths, and the news of it for every process. */
export const createPolicyModule = async ({
  config,
  logger,
  metrics,
  transportTo,
  nowMs,
}: ModuleDependencies): Promise<ServiceModule> => {
  const url = config.DATABASE_URL?.reveal();
  if (url === undefined) throw new ConfigurationError('DATABASE_URL', 'is needed');
  const db = openDatabase({
    url,
    role: 'scaivault_policy',
    schema: 'policy',
    applicationName: 'policy',
    poolSize: config.DATABASE_POOL_SIZE,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT,
    ...(config.DATABASE_CA_FILE === undefined ? {} : { caFile: config.DATABASE_CA_FILE }),
    onError: (error) => logger.warn({ err: error }, 'The database of policy is not reachable'),
  });
  await db.verifyRole();

  const nowMicros = createMicroClock(nowMs);
  const cursors = createCursorCodec({ key: await loadCursorKey(db), nowMs });
  const policies = createPolicyTable(db);
  const bindings = createBindingTable(db);
  const identities = createIdentityMirror(transportTo('identity-sync'));
  const leaseMs = config.AUTHORITY_MAX_STALENESS;
  const revisions = createRevisionLog(db);
  const feed = createRevisionFeed({ leaseMs, log: revisions });

  const putInForce = createPutInForce({ publish: feed.publish });
  const find = createFindPolicy({ policies });
  const findChangeable = createFindChangeable({ find });
  const readDocument = createReadDocument({ bindings, nowMicros });
  const readBundle = createReadBundle({ bundles: createPolicyBundles(db), nowMicros });
  const readPolicies = createReadPolicies({ readBundle });
  const resolveSubject = createResolveSubject({ identities, bindings, nowMicros });
  const changeWhereFound = createChangeWhereFound({ findChangeable, putInForce });
  const changing = { changeWhereFound, policies, readDocument, nowMicros };
  const service = createPolicyService({
    listPolicies: createListPolicies({ policies, cursors, nowMicros }),
    createPolicy: createCreatePolicy({ policies, putInForce, nowMicros }),
    readPolicy: createReadPolicy({ find, readDocument }),
    replacePolicy: createReplacePolicy(changing),
    updatePolicy: createUpdatePolicy(changing),
    deletePolicy: createDeletePolicy({ changeWhereFound, policies, nowMicros }),
    listBindings: createListBindings({ find, bindings, cursors, nowMicros }),
    createBinding: createCreateBinding({ changeWhereFound, findChangeable, identities, bindings, nowMicros }),
    deleteBinding: createDeleteBinding({ changeWhereFound, bindings, nowMicros }),
    testPolicies: createTestPolicies({ resolveSubject, readPolicies, nowMicros }),
    analyzePolicy: createAnalyzePolicy({ find, resolveSubject, readPolicies, nowMicros }),
    listAccess: createListAccess({ identities, readPolicies, cursors, nowMicros }),
  });

  const rateLimits = createRateLimitTable(db);
  const limits = { rateLimits, instanceLimitOf: limitOf(config.rateLimits), putInForce, nowMicros };
  const limitService = createRateLimitService({
    listRateLimits: createListRateLimits(limits),
    putRateLimits: createPutRateLimits(limits),
    deleteRateLimits: createDeleteRateLimits(limits),
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
  const pinBindings = createPinBindings({ bindings, identities, putInForce });
  const sweepBindings = createSweepBindings({ bindings, nowMicros });
  const failed = (what: string) => (error: unknown) => logger.warn({ err: error }, `${what} failed; it is tried again`);
  const outbox = createOutboxTable(db);
  const measureBacklog = createMeasureBacklog({ table: outbox, metrics, schema: 'policy' });
  const shipEvents = createShipEvents(transportTo('events'));
  let repetitions: readonly Repetition[] = [];
  let relay: Relay | undefined;

  return {
    name: 'policy',
    services: [
      withIdempotency(mount(PolicyService, service, policyInputChecks), idempotency),
      mount(PolicyFeedService, createPolicyFeedService({ readBundle, feed })),
      withIdempotency(mount(RateLimitService, limitService, rateLimitInputChecks), idempotency),
      mount(RateLimitFeedService, createRateLimitFeedService({ rateLimits, nowMicros })),
    ],
    checks: { database: () => db.ping() },
    start: () => {
      repetitions = [
        repeat(sweepRevisions, { everyMs: 2 * leaseMs, onFailure: failed('Forgetting old revisions') }),
        repeat(pinBindings, { everyMs: pinEveryMs, onFailure: failed('Pinning bindings to their subjects') }),
        repeat(sweepBindings, { everyMs: sweepEveryMs, onFailure: failed('Sweeping expired bindings') }),
        repeat(measureBacklog, { everyMs: backlogEveryMs, onFailure: failed('Measuring the outbox') }),
        repeat(idempotency.sweep, { everyMs: sweepEveryMs, onFailure: failed('Forgetting old Idempotency-Keys') }),
      ];
      relay = startRelay({ db, table: outbox, ship: shipEvents, onFailure: failed('Shipping events') });
      return Promise.resolve();
    },
    lastWords: () => feed.untilLeft(lastWordsMs, owners),
    drain: feed.drain,
    stop: async () => {
      await relay?.stop();
      await feed.close();
      for (const repetition of repetitions) await repetition.stop();
      await db.close();
    },
  };
};
