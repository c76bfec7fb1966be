import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, openDatabase } from '@scaivault/db';
import { addEvents } from '@scaivault/outbox';
import type { Caller } from '@scaivault/pipeline';
import { type PolicyPath, parsePartnerId, parseTenantId, scopeId, tenantScope } from '@scaivault/tenancy';
import { createTestDatabase, createTestKeySeal, type TestDatabase } from '@scaivault/testkit';
import { type Stage, stageService } from '@scaivault/testkit/stage-service';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createSecretBox } from '../src/adapters/secret-box.ts';
import { createCreateWebhook } from '../src/app/webhooks/create-webhook.ts';
import { createDeliveryLogTable } from '../src/store/delivery-log-table.ts';
import { createEndpointTable } from '../src/store/endpoint-table.ts';
import { createEventTable } from '../src/store/event-table.ts';
import { createListenerTable } from '../src/store/listener-table.ts';
import { eventsMigrations } from '../src/store/migrations.ts';
import { createWebhookTable } from '../src/store/webhook-table.ts';
import { openReceiver, type Receiver, webhookTo } from './start-webhooks.ts';

// The process relays its own outbox, takes in what it relays, and delivers that; it is killed in the middle of all three.

const paths = ['app/a', 'app/b', 'app/c'] as const;
const mostAnswers = 60;
/** Changes that no delivery has told of yet: enough to find work after a start, little enough to end soon. */
const mostAhead = 100;
const restMs = 4;

const partnerId = parsePartnerId('ptn_x');
const scope = tenantScope(parseTenantId('tnt_a'), partnerId);

let database: TestDatabase;
let db: Database;
let owner: Database;
let receiver: Receiver;
let stage: Stage;
beforeAll(async () => {
  database = await createTestDatabase({ migrations: [eventsMigrations] });
  const open = (role: string): Database =>
    openDatabase({
      url: database.url,
      role,
      schema: 'events',
      applicationName: 'events-test',
      poolSize: 3,
      statementTimeoutMs: 20_000,
    });
  db = open('scaivault_events');
  owner = open(new URL(database.url).username);
  // Long enough for a kill to find answers that are still to come.
  receiver = await openReceiver((_request, response) => void setTimeout(() => response.writeHead(204).end(), 20));
  const keySeal = createTestKeySeal();
  const env = { DATABASE_URL: database.url, DATABASE_POOL_SIZE: '4', OUTBOUND_ALLOWED_CIDRS: '127.0.0.1/32' };
  stage = await stageService('events', { keySeal, env });
  const parts = { listeners: createListenerTable(db), endpoints: createEndpointTable(), events: createEventTable(db) };
  const createWebhook = createCreateWebhook({
    webhooks: createWebhookTable(db, { ...parts, log: createDeliveryLogTable(db) }),
    checkTarget: () => Promise.resolve(),
    box: createSecretBox(keySeal),
    nowMicros: () => Date.now() * 1000,
  });
  const filters = { pathPrefix: null, secretType: null, tags: null };
  await createWebhook(
    { scope, partnerId } as Caller,
    { ...webhookTo(receiver.url), filters, isEnabled: true },
    undefined,
  );
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  await db.close();
  await owner.close();
  await database.drop();
});

let changes = 0;
/** Commits one version of a path after the other until told to stop; resolves with the number of the last. */
const write = async (path: string, signal: AbortSignal): Promise<number> => {
  for (let version = 1; ; version += 1) {
    changes += 1;
    await db.withScope(scopeId(scope), async (tx) =>
      addEvents(tx, [
        {
          type: 'secret.expired',
          data: { version, expires_at: '2027-01-01T00:00:00Z' },
          scopeId: scopeId(scope),
          origin: { identityId: 'system:tests', requestId: null, atMicros: Date.now() * 1000 },
          path: path as PolicyPath,
          secret: { secretType: 'kv', tags: [] },
        },
      ]),
    );
    do {
      if (signal.aborted) return version;
      await sleep(restMs);
    } while (changes - receiver.received.length > mostAhead);
  }
};

/** A batch is on its way from the outbox. */
const isRelaying = async (): Promise<boolean> =>
  (await owner.sql`select 1 from outbox where event_id is not null limit 1`).length > 0;

/** Some deliveries have arrived, and others are on their way behind them. */
const hasDelivered = (): (() => Promise<boolean>) => {
  const enough = receiver.received.length + randomInt(1, mostAnswers);
  return () => Promise.resolve(receiver.received.length > enough);
};

/** Kills a process at such a moment and lets its claims run out; how many it had in hand. */
const killWhen = async (isTheMoment: () => Promise<boolean>): Promise<number> => {
  const process = await stage.start();
  await vi.waitFor(async () => expect(await isTheMoment()).toBe(true), { timeout: 20_000, interval: 1 });
  await process.kill();
  const { count } = await owner.sql`update delivery set due_at = now() where is_running`;
  await owner.sql`update endpoint set due_at = now()`;
  return count;
};

interface Envelope {
  readonly event_id: string;
  readonly path: string;
  readonly data: { readonly version: number };
}

it('of every committed change one event reaches the receiver, and ids tell their order, through kills', async () => {
  const writing = new AbortController();
  const lanes = Promise.all(paths.map((path) => write(path, writing.signal)));
  let lost = 0;
  let written: readonly number[];
  try {
    lost += await killWhen(isRelaying);
    lost += await killWhen(hasDelivered());
    lost += await killWhen(isRelaying);
  } finally {
    writing.abort();
    written = await lanes;
  }
  await stage.start();
  await vi.waitFor(
    async () => {
      const left = await owner.sql`
        select 1 from outbox union all select 1 from delivery where status = 'pending' limit 1`;
      expect(left).toHaveLength(0);
    },
    { timeout: 30_000, interval: 50 },
  );

  // Enough has happened for the rest to mean something.
  expect(lost).toBeGreaterThan(0);
  const events = new Map<string, Envelope>();
  for (const { body } of receiver.received) {
    const event = JSON.parse(body) as Envelope;
    expect(events.get(event.event_id) ?? event).toEqual(event);
    events.set(event.event_id, event);
  }
  for (const [index, path] of paths.entries()) {
    const ofPath = [...events.values()].filter((event) => event.path === path);
    const inOrder = ofPath.toSorted((one, other) => (one.event_id < other.event_id ? -1 : 1));
    expect(inOrder.map(({ data }) => data.version)).toEqual(
      Array.from({ length: written[index] ?? 0 }, (_, n) => n + 1),
    );
  }
}, 90_000);
