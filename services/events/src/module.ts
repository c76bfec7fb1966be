import { EventIntakeService } from '@scaivault/contracts';
import { checkMigrated, openDatabase, serviceRole } from '@scaivault/db';
import {
  ConfigurationError,
  type ModuleDependencies,
  mount,
  type Repetition,
  repeat,
  type ServiceModule,
} from '@scaivault/runtime';
import { createFanOut } from './app/fan-out.ts';
import { createForgetEvents } from './app/forget-events.ts';
import { createTakeEvents } from './app/take-events.ts';
import { createEventIntakeService } from './rpc/event-intake-service.ts';
import { createEventTable } from './store/event-table.ts';
import { createListenerTable } from './store/listener-table.ts';
import { eventsMigrations } from './store/migrations.ts';
import { createTransactions } from './store/transactions.ts';

const forgetEveryMs = 3_600_000;

/** Events: takes what the outboxes of all services ship and gives it to whoever listens. */
export const createEventsModule = async ({ config, logger, nowMs }: ModuleDependencies): Promise<ServiceModule> => {
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
  const fanOut = createFanOut({
    listeners: createListenerTable(),
    events,
    transactions,
    targets: { webhook: () => Promise.resolve(), subscription: () => Promise.resolve() },
  });
  let repetitions: readonly Repetition[] = [];

  return {
    name: 'events',
    services: [
      mount(EventIntakeService, createEventIntakeService({ takeEvents: createTakeEvents({ transactions, fanOut }) })),
    ],
    checks: { database: () => db.ping() },
    start: () => {
      repetitions = [
        repeat(createForgetEvents({ events, clock }), {
          everyMs: forgetEveryMs,
          onFailure: (error) => logger.warn({ err: error }, 'Forgetting old events failed; it is tried again'),
        }),
      ];
      return Promise.resolve();
    },
    stop: async () => {
      for (const repetition of repetitions) await repetition.stop();
      await db.close();
    },
  };
};
