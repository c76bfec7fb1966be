import type { Client } from '@connectrpc/connect';
import { EventIntakeService, SubscriptionService } from '@scaivault/contracts';
import { type Database, openDatabase } from '@scaivault/db';
import type { PolicyRecord } from '@scaivault/policy-engine';
import { newId, nowMicros } from '@scaivault/tenancy';
import {
  createFakeSecrets,
  createTestDatabase,
  type StartedModule,
  startModule,
  type TestDatabase,
  type Wire,
} from '@scaivault/testkit';
import { createEventsModule } from '../src/module.ts';
import { eventsMigrations } from '../src/store/migrations.ts';

export interface ShippedChanges {
  readonly eventType?: string;
  readonly tenantId?: string | undefined;
  readonly partnerId?: string;
  readonly path?: string | undefined;
}

export interface StartedEvents extends AsyncDisposable {
  readonly vault: StartedModule;
  readonly database: TestDatabase;
  /** A session of the service's own role. */
  readonly db: Database;
  /** Ships events as the secrets service does, of tnt_a on app/db unless told otherwise; their ids. */
  ship(...events: readonly ShippedChanges[]): Promise<string[]>;
  /** Somebody of a tenant without a role; what they may list is for policies to say. */
  user(name: string, claims?: object): Promise<Client<typeof SubscriptionService>>;
  admin(claims?: object): Promise<Client<typeof SubscriptionService>>;
  /** Runs a statement as the owner of all rows, to look at them and to let time pass in them. */
  inRows(text: string): Promise<readonly object[]>;
}

export const startEvents = async (wire: Wire, existing?: TestDatabase): Promise<StartedEvents> => {
  const database = existing ?? (await createTestDatabase({ migrations: [eventsMigrations] }));
  const vault = await startModule({
    wire,
    create: createEventsModule,
    env: { DATABASE_URL: database.url, DATABASE_POOL_SIZE: '4' },
    peers: { secrets: createFakeSecrets('events').transport },
  });
  const openAs = (role: string): Database =>
    openDatabase({
      url: database.url,
      role,
      schema: 'events',
      applicationName: 'events-test',
      poolSize: 1,
      statementTimeoutMs: 5_000,
    });
  const db = openAs('scaivault_events');
  const owner = openAs(new URL(database.url).username);
  const intake = await vault.peer(EventIntakeService, 'secrets');
  return {
    vault,
    database,
    db,
    ship: async (...events) => {
      const shipped = events.map((event) => ({
        eventId: newId('evt'),
        eventType: 'secret.rotated',
        timestampMicros: BigInt(nowMicros()),
        tenantId: 'tnt_a',
        partnerId: 'ptn_x',
        identityId: 'user:ada@a.example',
        path: 'app/db',
        data: new TextEncoder().encode('{"new_version":2}'),
        requestId: 'req_1',
        secretType: 'kv',
        tags: ['crm'],
        ...event,
      }));
      await intake.takeEvents({ events: shipped as never });
      return shipped.map(({ eventId }) => eventId);
    },
    user: (name, claims = {}) =>
      vault.client(SubscriptionService, { sub: `usr_${name}`, email: `${name}@a.example`, roles: [], ...claims }),
    admin: (claims = {}) => vault.client(SubscriptionService, { ...claims }),
    inRows: (text) => owner.sql.unsafe(text),
    [Symbol.asyncDispose]: async () => {
      await vault[Symbol.asyncDispose]();
      await db.close();
      await owner.close();
      if (existing === undefined) await database.drop();
    },
  };
};

/** Polled, everything, everywhere. */
export const polling = (more: object = {}) => ({
  name: 'mine',
  paths: ['**'],
  events: ['*'],
  delivery: { type: 'polling' },
  ...more,
});

/** Lets somebody list what the pattern covers. */
export const listing = (name: string, path_pattern: string, conditions: object | null = null): PolicyRecord => ({
  id: `pol_${name}_${path_pattern}`,
  name: `${name} lists ${path_pattern}`,
  scope: 'tenant',
  priority: 100,
  createdAtMs: 0,
  rules: [{ path_pattern, permissions: ['list'], effect: 'allow', conditions }] as PolicyRecord['rules'],
  bindings: [
    { identityType: 'user', identityId: `user:${name}@a.example`, subjectId: `usr_${name}`, expiresAtMs: null },
  ],
});
