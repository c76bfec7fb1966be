import { createHmac, randomUUID } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import { IdentityFeedService, IdentityService, type ReceiveScaiKeyEventResponse } from '@scaivault/contracts';
import { type Database, openDatabase } from '@scaivault/db';
import { createFakeSecrets, createTestDatabase, type StartedModule, startModule, type Wire } from '@scaivault/testkit';
import { createIdentitySyncModule } from '../src/module.ts';
import { identitySyncMigrations } from '../src/store/migrations.ts';
import { openDatabaseProxy } from './database-proxy.ts';

export const webhookSecrets = ['first secret', 'second secret'] as const;

export interface TestEvent {
  readonly event_id: string;
  readonly event_type: string;
  readonly timestamp: string;
  readonly resource: { readonly type?: string; readonly id?: string };
  readonly data: Readonly<Record<string, unknown>>;
  readonly tenant_id: string | null;
  readonly partner_id: string | null;
}

let instant = Date.parse('2026-05-01T12:00:00Z');

/** A time later than every one before. */
export const later = (): string => {
  instant += 1000;
  return new Date(instant).toISOString();
};

export const micros = (timestamp: string): bigint => BigInt(Date.parse(timestamp)) * 1000n;

/** An event of `tnt_a` of `ptn_x`, now. */
export const event = (event_type: string, id: string, more: Partial<TestEvent> = {}): TestEvent => ({
  event_id: `evt_${randomUUID()}`,
  event_type,
  timestamp: later(),
  resource: { type: event_type.split('.')[0] ?? '', id },
  data: {},
  tenant_id: 'tnt_a',
  partner_id: 'ptn_x',
  ...more,
});

export const tenantEvent = (verb: string, id: string, more: Partial<TestEvent> = {}): TestEvent =>
  event(`tenant.${verb}`, id, { tenant_id: id, ...more });

export const partnerEvent = (verb: string, id: string, more: Partial<TestEvent> = {}): TestEvent =>
  event(`partner.${verb}`, id, { tenant_id: null, partner_id: id, ...more });

export const memberEvent = (verb: 'added' | 'removed', group: string, user: string, more: Partial<TestEvent> = {}) =>
  event(`group.member.${verb}`, group, { data: { group_id: group, user_id: user }, ...more });

export const sign = (body: string | Uint8Array, secret: string = webhookSecrets[0], ageSeconds = 0): string => {
  const time = Math.floor(Date.now() / 1000) - ageSeconds;
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex')}`;
};

export interface StartedIdentitySync extends AsyncDisposable {
  readonly vault: StartedModule;
  readonly feed: Client<typeof IdentityFeedService>;
  /** A session of the service's own role, past the proxy. */
  readonly db: Database;
  readonly proxy: Awaited<ReturnType<typeof openDatabaseProxy>>;
  /** Delivers as the gateway does, without a token. */
  readonly webhook: Client<typeof IdentityService>;
  send(event: TestEvent, secret?: string): Promise<ReceiveScaiKeyEventResponse>;
  /** Empties the mirror and strikes out all followers: as a new start would be, in a fraction of its time. */
  forgetEverybody(): Promise<void>;
  /** The state of one counter of the process. */
  counted(eventType: string, result: string): Promise<number>;
}

const tables = ['membership', 'group_', 'identity', 'tenant', 'partner', 'webhook_event', 'idempotency', 'follower'];

export const startIdentitySync = async (
  wire: Wire,
  env: Readonly<Record<string, string>> = {},
): Promise<StartedIdentitySync> => {
  const database = await createTestDatabase({ migrations: [identitySyncMigrations] });
  const proxy = await openDatabaseProxy(database.url);
  const secrets = createFakeSecrets('identity-sync');
  let render: () => Promise<string> = () => Promise.resolve('');
  const vault = await startModule({
    wire,
    create: (dependencies, kit) => {
      render = dependencies.metrics.render;
      return createIdentitySyncModule(dependencies, kit);
    },
    env: {
      DATABASE_URL: proxy.url,
      DATABASE_POOL_SIZE: '4',
      SCAIKEY_WEBHOOK_SECRET: webhookSecrets.join(','),
      AUTHORITY_MAX_STALENESS: '1s',
      ...env,
    },
    peers: { secrets: secrets.transport },
  });
  const open = (role: string): Database =>
    openDatabase({
      url: database.url,
      role,
      schema: 'identity',
      applicationName: 'identity-test',
      poolSize: 1,
      statementTimeoutMs: 5_000,
    });
  const db = open('scaivault_identity');
  const owner = open(new URL(database.url).username);
  const webhook = await vault.peer(IdentityService, 'gateway');
  return {
    vault,
    db,
    proxy,
    webhook,
    feed: await vault.peer(IdentityFeedService, 'secrets'),
    send: (event, secret) => {
      const body = new TextEncoder().encode(JSON.stringify(event));
      const signature = sign(body, secret);
      return webhook.receiveScaiKeyEvent({
        body,
        signature,
        eventId: event.event_id,
        eventType: event.event_type,
        webhookId: 'whk_1',
      });
    },
    forgetEverybody: async () => {
      for (const table of tables) await owner.sql.unsafe(`delete from ${table}`);
    },
    counted: async (eventType, result) => {
      const line = (await render())
        .split('\n')
        .find(
          (each) =>
            each.startsWith('scaivault_identity_webhooks_total{') &&
            each.includes(`event_type="${eventType}"`) &&
            each.includes(`result="${result}"`),
        );
      return Number(line?.split(' ').at(-1) ?? 0);
    },
    [Symbol.asyncDispose]: async () => {
      await vault[Symbol.asyncDispose]();
      await db.close();
      await owner.close();
      await proxy.close();
      await database.drop();
    },
  };
};
