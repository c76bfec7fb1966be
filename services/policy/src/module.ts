import { PolicyFeedService, PolicyService } from '@scaivault/contracts';
import { createIdempotencyTable, loadCursorKey, openDatabase } from '@scaivault/db';
import { createIdempotency, createRevisionFeed, withIdempotency } from '@scaivault/pipeline';
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
import { createRowKeySeal } from './adapters/row-key-seal.ts';
import { createReplacePolicy, createUpdatePolicy } from './app/change-policy.ts';
import { createCreateBinding } from './app/create-binding.ts';
import { createCreatePolicy } from './app/create-policy.ts';
import { createDeleteBinding } from './app/delete-binding.ts';
import { createDeletePolicy } from './app/delete-policy.ts';
import { createFindChangeable, createFindPolicy } from './app/find-policy.ts';
import { createListBindings } from './app/list-bindings.ts';
import { createListPolicies } from './app/list-policies.ts';
import { createPutInForce } from './app/put-in-force.ts';
import { createReadBundle } from './app/read-bundle.ts';
import { createReadDocument, createReadPolicy } from './app/read-policy.ts';
import { createSweepBindings } from './app/sweep-bindings.ts';
import { createTestPolicies } from './app/test-policies.ts';
import { policyInputChecks } from './rpc/check-input.ts';
import { createPolicyFeedService } from './rpc/policy-feed-service.ts';
import { createPolicyService } from './rpc/policy-service.ts';
import { createBindingTable } from './store/binding-table.ts';
import { createPolicyBundles } from './store/policy-bundle.ts';
import { createPolicyTable } from './store/policy-table.ts';

const sweepEveryMs = 15 * 60_000;

/** Access policies: who may do what on which paths, and the news of it for every process. */
export const createPolicyModule = async ({
  config,
  logger,
  transportTo,
  peersMaySurviveUs,
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
  const feed = createRevisionFeed({ leaseMs, earlierLeaseMs: peersMaySurviveUs ? leaseMs : 0 });

  const putInForce = createPutInForce({ publish: feed.publish });
  const find = createFindPolicy({ policies });
  const findChangeable = createFindChangeable({ find });
  const readDocument = createReadDocument({ bindings, nowMicros });
  const readBundle = createReadBundle({ bundles: createPolicyBundles(db), nowMicros });
  const changing = { findChangeable, policies, putInForce, readDocument, nowMicros };
  const service = createPolicyService({
    listPolicies: createListPolicies({ policies, cursors, nowMicros }),
    createPolicy: createCreatePolicy({ policies, putInForce, nowMicros }),
    readPolicy: createReadPolicy({ find, readDocument }),
    replacePolicy: createReplacePolicy(changing),
    updatePolicy: createUpdatePolicy(changing),
    deletePolicy: createDeletePolicy({ findChangeable, policies, putInForce, nowMicros }),
    listBindings: createListBindings({ find, bindings, cursors, nowMicros }),
    createBinding: createCreateBinding({ findChangeable, identities, bindings, putInForce, nowMicros }),
    deleteBinding: createDeleteBinding({ findChangeable, bindings, putInForce, nowMicros }),
    testPolicies: createTestPolicies({ identities, bindings, readBundle, nowMicros }),
  });

  const idempotency = createIdempotency({
    table: createIdempotencyTable(db),
    seal: createRowKeySeal(transportTo('secrets')),
    config,
  });

  const sweepBindings = createSweepBindings({ bindings, nowMicros });
  const failed = (what: string) => (error: unknown) => logger.warn({ err: error }, `${what} failed; it is tried again`);
  let repetitions: readonly Repetition[] = [];

  return {
    name: 'policy',
    services: [
      withIdempotency(mount(PolicyService, service, policyInputChecks), idempotency),
      mount(PolicyFeedService, createPolicyFeedService({ readBundle, feed })),
    ],
    checks: { database: () => db.ping() },
    start: () => {
      repetitions = [
        repeat(sweepBindings, { everyMs: sweepEveryMs, onFailure: failed('Sweeping expired bindings') }),
        repeat(idempotency.sweep, { everyMs: sweepEveryMs, onFailure: failed('Forgetting old Idempotency-Keys') }),
      ];
      return Promise.resolve();
    },
    stop: async () => {
      feed.close();
      for (const repetition of repetitions) await repetition.stop();
      await db.close();
    },
  };
};
