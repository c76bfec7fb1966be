import { type Database, openDatabase } from '@scaivault/db';
import { newId, type PartnerId, type ScopeId, type TenantId } from '@scaivault/tenancy';
import { createTestDatabase } from '@scaivault/testkit';
import { createTakeEvents } from '../src/app/take-events.ts';
import type { IncomingEvent } from '../src/domain/incoming-event.ts';
import type { Listener } from '../src/domain/listener.ts';
import type { AddTargets } from '../src/ports.ts';
import { createEventTable } from '../src/store/event-table.ts';
import { createListenerTable } from '../src/store/listener-table.ts';
import { eventsMigrations } from '../src/store/migrations.ts';
import { createTransactions } from '../src/store/transactions.ts';

/** The rotation of a secret of tnt_a, unless told otherwise. */
export const eventOf = (more: Partial<IncomingEvent> = {}): IncomingEvent => ({
  id: newId('evt'),
  type: 'secret.rotated',
  atMicros: 1_790_000_000_123_456,
  audience: { kind: 'tenant', tenantId: 'tnt_a' as TenantId },
  identityId: 'user:ada@a.example',
  path: 'app/db',
  data: '{"old_version":1,"new_version":2}',
  requestId: 'req_1',
  secretType: 'kv',
  tags: ['crm'],
  ...more,
});

/** A webhook of tnt_a that hears everything, unless told otherwise. */
export const listenerOf = (more: Partial<Listener> = {}): Listener => ({
  kind: 'webhook',
  id: newId(more.kind === 'subscription' ? 'sub' : 'wh'),
  scopeId: 't:tnt_a' as ScopeId,
  partnerId: 'ptn_x' as PartnerId,
  events: ['*'],
  filters: { pathPrefix: null, secretType: null, tags: null },
  paths: more.kind === 'subscription' ? ['**'] : null,
  ...more,
});

/** What a kind of listener was given: tenant, listener, event. */
export type Given = readonly [string, string, string];

export interface OpenEvents extends AsyncDisposable {
  /** Sessions of the service's own role. */
  readonly db: Database;
  /** The owner of everything, whom no policy binds. */
  readonly owner: Database;
  readonly given: { readonly webhook: Given[]; readonly subscription: Given[] };
  readonly listeners: ReturnType<typeof createListenerTable>;
  readonly events: ReturnType<typeof createEventTable>;
  /** Of each tenant that is known, by scope. */
  readonly partners: Map<string, string>;
  take(events: readonly IncomingEvent[]): Promise<void>;
  listen(listener: Listener, isActive?: boolean): Promise<Listener>;
}

export const openEvents = async (): Promise<OpenEvents> => {
  const database = await createTestDatabase({ migrations: [eventsMigrations] });
  const open = (role: string, poolSize: number): Database =>
    openDatabase({
      url: database.url,
      role,
      schema: 'events',
      applicationName: 'events-test',
      poolSize,
      statementTimeoutMs: 20_000,
    });
  const db = open('scaivault_events', 4);
  const owner = open(new URL(database.url).username, 1);
  const transactions = createTransactions(db);
  const listeners = createListenerTable(db);
  const events = createEventTable(db);
  const given = { webhook: [] as Given[], subscription: [] as Given[] };
  const note =
    (kind: keyof typeof given): AddTargets =>
    (_tx, scopeId, matches) => {
      given[kind].push(...matches.map(({ listener, event }): Given => [scopeId, listener.id, event.id]));
      return Promise.resolve();
    };
  const partners = new Map(['a', 'b', 'c'].map((name) => [`t:tnt_${name}`, name === 'c' ? 'ptn_y' : 'ptn_x']));
  const take = createTakeEvents({
    listeners,
    events,
    findPlace: (scopeId) => {
      const partnerId = partners.get(scopeId) as PartnerId | undefined;
      return Promise.resolve(
        partnerId === undefined ? undefined : { tenantId: scopeId.slice(2) as TenantId, partnerId },
      );
    },
    transactions,
    targets: { webhook: note('webhook'), subscription: note('subscription') },
  });
  return {
    db,
    owner,
    given,
    listeners,
    events,
    take,
    partners,
    listen: async (listener, isActive = true) => {
      await db.withScope(listener.scopeId, (tx) => listeners.put(tx, listener, isActive));
      return listener;
    },
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await owner.close();
      await database.drop();
    },
  };
};
