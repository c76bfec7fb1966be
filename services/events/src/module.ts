import { EventIntakeService } from '@scaivault/contracts/events/v1/intake';
import { SubscriptionService } from '@scaivault/contracts/events/v1/subscriptions';
import { WebhookService } from '@scaivault/contracts/events/v1/webhooks';
import {
  checkMigrated,
  createIdempotencyTable,
  type Listening,
  loadCursorKey,
  openDatabase,
  serviceRole,
} from '@scaivault/db';
import { chooseClock, type Worker, workOff } from '@scaivault/jobs';
import { createOutbound } from '@scaivault/outbound';
import {
  backlogEveryMs,
  createMeasureBacklog,
  createOutboxTable,
  createShipEvents,
  type Relay,
  startRelay,
} from '@scaivault/outbox';
import {
  createFindAbsent,
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
import { createCursorCodec, createMicroClock, isId } from '@scaivault/tenancy';
import { createFindPlace } from './adapters/find-place.ts';
import { createSecretBox } from './adapters/secret-box.ts';
import { createSendOutbound } from './adapters/send-outbound.ts';
import { createAddDeliveries } from './app/deliveries/add-deliveries.ts';
import { createAttemptDelivery } from './app/deliveries/attempt-delivery.ts';
import { createDeliver } from './app/deliveries/deliver.ts';
import { createForgetEndpoints } from './app/deliveries/forget-endpoints.ts';
import { createRecordAttempt } from './app/deliveries/record-attempt.ts';
import { createRunDeliveries } from './app/deliveries/run-deliveries.ts';
import { createFindAccessScopes } from './app/find-access-scopes.ts';
import { createForgetEvents } from './app/forget-events.ts';
import { createSubscriptions } from './app/subscriptions/create-subscriptions.ts';
import { createTakeEvents } from './app/take-events.ts';
import { createWebhookUseCases } from './app/webhooks/create-webhook-use-cases.ts';
import { createTellDisabled } from './app/webhooks/tell-disabled.ts';
import { subscriptionInputChecks } from './rpc/check-subscription-input.ts';
import { createEventIntakeService } from './rpc/event-intake-service.ts';
import { createSubscriptionService } from './rpc/subscription-service.ts';
import { createWebhookService, webhookInputChecks } from './rpc/webhook-service.ts';
import { createBufferTable } from './store/buffer-table.ts';
import { createDeliveryLogTable } from './store/delivery-log-table.ts';
import { createDeliveryTable } from './store/delivery-table.ts';
import { createEndpointTable } from './store/endpoint-table.ts';
import { createEventTable } from './store/event-table.ts';
import { createListenerTable } from './store/listener-table.ts';
import { eventsMigrations } from './store/migrations.ts';
import { listenForPolls } from './store/poll-notices.ts';
import { createSubscriptionTable } from './store/subscription-table.ts';
import { createTransactions } from './store/transactions.ts';
import { createWebhookTable } from './store/webhook-table.ts';

const forgetEveryMs = 3_600_000;
/** How long a poll can sleep through a notice of the database that did not come. */
const wakeEveryMs = 15_000;
const sweepEveryMs = 15 * 60_000;

/** Events: takes what the outboxes of all services ship and gives it to whoever listens. */
export const createEventsModule = async (
  { config, logger, metrics, transportTo, nowMs }: ModuleDependencies,
  kit: Pick<ProcessKit, 'audit' | 'directory' | 'policies'>,
): Promise<ServiceModule> => {
  if (config.DATABASE_URL === undefined) throw new ConfigurationError('DATABASE_URL', 'is needed');
  const caFile = config.DATABASE_CA_FILE === undefined ? {} : { caFile: config.DATABASE_CA_FILE };
  const url = config.DATABASE_URL.reveal();
  if (config.DATABASE_MIGRATE === 'check') await checkMigrated({ url, ...caFile, migrations: [eventsMigrations] });
  const db = openDatabase({
    url,
    ...caFile,
    role: serviceRole(eventsMigrations.schema),
    schema: eventsMigrations.schema,
    applicationName: 'scaivault-events',
    poolSize: config.DATABASE_POOL_SIZE,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT,
    onError: (error) => logger.warn({ err: error }, 'The database of events is not reachable'),
  });
  await db.verifyRole();

  const clock = (): number => Math.floor(nowMs()) * 1000;
  const transactions = createTransactions(db);
  const events = createEventTable(db);
  const listeners = createListenerTable(db);
  const nowMicros = createMicroClock(nowMs);
  const cursors = createCursorCodec({ key: await loadCursorKey(db), nowMs });
  const buffers = createBufferTable(db);
  const endpoints = createEndpointTable();
  const outbound = createOutbound({ config });
  const box = createSecretBox(createRemoteKeySeal(transportTo('secrets'), 'The keys cannot be had at the moment.'));
  const subscriptionTable = createSubscriptionTable({ db, listeners, endpoints });
  const subscriptions = createSubscriptions({
    subscriptions: subscriptionTable,
    buffers,
    box,
    checkTarget: outbound.check,
    findAbsent: createFindAbsent({ ...kit, nowMs }),
    cursors,
    nowMicros,
  });
  const deliveries = createDeliveryTable(db);
  const log = createDeliveryLogTable(db);
  const webhooks = createWebhookTable(db, { listeners, endpoints, events, log });
  const addDeliveries = createAddDeliveries({ deliveries });
  const takeEvents = createTakeEvents({
    listeners,
    events,
    findPlace: createFindPlace(kit.directory),
    transactions,
    targets: {
      webhook: addDeliveries,
      // Each takes what is its own: a subscription has a buffer or an endpoint.
      subscription: async (tx, scopeId, matches) => {
        await buffers.add(tx, scopeId, matches);
        await addDeliveries(tx, scopeId, matches);
      },
    },
  });
  const idempotency = createIdempotency({
    table: createIdempotencyTable(db),
    seal: createRemoteKeySeal(transportTo('secrets')),
    config,
  });
  const outbox = createOutboxTable(db);
  const measureBacklog = createMeasureBacklog({ table: outbox, metrics, schema: eventsMigrations.schema });
  const failed = (what: string) => (error: unknown) => logger.warn({ err: error }, `${what} failed; it is tried again`);
  const lookForNews = () => void subscriptions.wakeWaitingPolls().catch(failed('Looking for waiting polls'));
  const { room } = subscriptions;

  const attemptDelivery = createAttemptDelivery({
    box,
    send: createSendOutbound(outbound),
    nowMs,
    elapsedMs: () => performance.now(),
  });
  let worker: Worker | undefined;
  const wake = (): void => worker?.wake();
  const runs = createRunDeliveries({
    deliveries,
    deliver: createDeliver({
      deliveries,
      mayDeliver: async (parcel) =>
        !isId('sub', parcel.endpointId) || (await subscriptions.mayDispatch(parcel.scopeId, parcel.endpointId, parcel)),
      attemptDelivery,
      recordAttempt: createRecordAttempt({
        deliveries,
        audit: createSystemAudit(kit.audit, 'system:events'),
        disable: {
          webhook: createTellDisabled({ webhooks, nowMicros }),
          subscription: (tx, { scopeId, endpointId }) => subscriptionTable.disable(tx, scopeId, endpointId),
        },
      }),
      random: Math.random,
    }),
    nowMs,
    onRoom: wake,
    onFailure: failed('A delivery'),
  });
  const webhookUseCases = createWebhookUseCases({
    webhooks,
    log,
    box,
    checkTarget: outbound.check,
    attemptDelivery,
    cursors,
    nowMicros,
    wake,
  });
  const takeAndWake = async (taken: Parameters<typeof takeEvents>[0]): Promise<void> => {
    await takeEvents(taken);
    wake();
  };
  let listening: Listening | undefined;
  let repetitions: readonly Repetition[] = [];
  let relay: Relay | undefined;

  return {
    name: 'events',
    services: [
      mount(
        EventIntakeService,
        createEventIntakeService({ takeEvents: takeAndWake, findAccessScopes: createFindAccessScopes({ listeners }) }),
      ),
      withIdempotency(
        mount(SubscriptionService, createSubscriptionService(subscriptions.useCases), subscriptionInputChecks),
        idempotency,
      ),
      withIdempotency(mount(WebhookService, createWebhookService(webhookUseCases), webhookInputChecks), idempotency),
    ],
    checks: { database: () => db.ping() },
    start: async () => {
      listening = listenForPolls(db, { onNews: room.wake, onPoll: room.supersede, onNewSession: lookForNews });
      repetitions = [
        repeat(createForgetEvents({ events, clock }), {
          everyMs: forgetEveryMs,
          onFailure: failed('Forgetting old events'),
        }),
        repeat(createForgetEndpoints({ deliveries }), {
          everyMs: forgetEveryMs,
          onFailure: failed('Forgetting deleted webhooks'),
        }),
        repeat(subscriptions.wakeWaitingPolls, {
          everyMs: wakeEveryMs,
          onFailure: failed('Looking for waiting polls'),
        }),
        repeat(subscriptions.expireEvents, { everyMs: sweepEveryMs, onFailure: failed('Letting go of old events') }),
        repeat(measureBacklog, { everyMs: backlogEveryMs, onFailure: failed('Measuring the outbox') }),
        repeat(idempotency.sweep, { everyMs: sweepEveryMs, onFailure: failed('Forgetting old Idempotency-Keys') }),
      ];
      // What happens to listeners themselves takes the same road as what happens elsewhere.
      relay = startRelay({
        db,
        table: outbox,
        ship: createShipEvents(transportTo('events')),
        onFailure: failed('Shipping events'),
      });
      worker = await workOff({
        pass: runs.pass,
        openClock: chooseClock({ config, name: 'deliveries', logger, nowMs }),
        nowMs,
        onFailure: failed('Looking for deliveries'),
      });
    },
    drain: room.close,
    stop: async () => {
      room.close();
      await relay?.stop();
      await listening?.close();
      for (const repetition of repetitions) await repetition.stop();
      await worker?.stop();
      await runs.idle();
      await db.close();
    },
  };
};
