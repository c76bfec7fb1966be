import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '@connectrpc/connect';
import { EventIntakeService, WebhookService } from '@scaivault/contracts';
import { type Database, openDatabase, type Row } from '@scaivault/db';
import { newId, nowMicros } from '@scaivault/tenancy';
import {
  createFakeSecrets,
  createTestDatabase,
  type StartedModule,
  startModule,
  type TestKeySeal,
  type Wire,
} from '@scaivault/testkit';
import { createEventsModule } from '../src/module.ts';
import { eventsMigrations } from '../src/store/migrations.ts';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  /** How it answers from now on; at first with 204. */
  answer(listener: RequestListener): void;
  /** Most requests that were open at the same time. */
  mostAtOnce(): number;
}

/** A receiver of webhooks, on loopback. */
export const openReceiver = async (first: RequestListener = (_request, response) => response.writeHead(204).end()) => {
  const received: Received[] = [];
  let listener = first;
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    open += 1;
    most = Math.max(most, open);
    response.on('close', () => {
      open -= 1;
    });
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      listener(request, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answer: (next) => {
      listener = next;
    },
    mostAtOnce: () => most,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
};

export const secret = 'a signing secret of 32 bytes ....';

/** What a webhook needs. */
export const webhookTo = (url: string, more: object = {}) => ({ name: 'hook', url, secret, events: ['*'], ...more });

export interface StartedWebhooks extends AsyncDisposable {
  readonly vault: StartedModule;
  readonly databaseUrl: string;
  readonly keySeal: TestKeySeal;
  /** A session of the service's own role. */
  readonly db: Database;
  /** Rows of all tenants, and time that passes in them. */
  inRows<R extends Row = Row>(text: string): Promise<readonly R[]>;
  /** Administrator of a tenant. */
  admin(tenantId?: string): Promise<Client<typeof WebhookService>>;
  /** Somebody whose token opens no webhooks. */
  reader(): Promise<Client<typeof WebhookService>>;
  /** Events as they come from a service of ours; their ids. */
  take(count?: number, more?: object): Promise<readonly string[]>;
}

export const startWebhooks = async (
  wire: Wire,
  env: Readonly<Record<string, string>> = {},
): Promise<StartedWebhooks> => {
  const database = await createTestDatabase({ migrations: [eventsMigrations] });
  const secrets = createFakeSecrets('events');
  const vault = await startModule({
    wire,
    create: createEventsModule,
    env: {
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: '4',
      OUTBOUND_ALLOWED_CIDRS: '127.0.0.1/32',
      DATABASE_MIGRATE: 'off',
      ...env,
    },
    peers: { secrets: secrets.transport },
  });
  const open = (role: string): Database =>
    openDatabase({
      url: database.url,
      role,
      schema: 'events',
      applicationName: 'events-test',
      poolSize: 2,
      statementTimeoutMs: 5_000,
    });
  const db = open('scaivault_events');
  const owner = open(new URL(database.url).username);
  const intake = await vault.peer(EventIntakeService, 'secrets');
  return {
    vault,
    databaseUrl: database.url,
    keySeal: secrets.keySeal,
    db,
    inRows: <R extends Row>(text: string) => owner.transaction((tx) => tx.unsafe<R[]>(text)),
    admin: (tenantId = 'tnt_a') => vault.client(WebhookService, { tenant_id: tenantId, scope: 'admin' }),
    reader: () => vault.client(WebhookService, { scope: 'secrets:read audit:read' }),
    take: async (count = 1, more = {}) => {
      const events = Array.from({ length: count }, () => ({
        eventId: newId('evt'),
        eventType: 'secret.rotated',
        timestampMicros: BigInt(nowMicros()),
        tenantId: 'tnt_a',
        partnerId: 'ptn_x',
        identityId: 'user:ada@a.example',
        path: 'app/db',
        data: Buffer.from('{"old_version":1,"new_version":2,"note":"Grüße"}'),
        requestId: 'req_1',
        secretType: 'kv',
        tags: ['crm'],
        ...more,
      }));
      await intake.takeEvents({ events });
      return events.map(({ eventId }) => eventId);
    },
    [Symbol.asyncDispose]: async () => {
      await vault[Symbol.asyncDispose]();
      await db.close();
      await owner.close();
      await database.drop();
    },
  };
};
