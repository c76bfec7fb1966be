import { create } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import {
  type CallerRecord,
  IdentityFeedService,
  LookupIdentityResponseSchema,
  PolicyService,
} from '@scaivault/contracts';
import { type Database, openDatabase } from '@scaivault/db';
import { VaultError } from '@scaivault/errors';
import { createDirectTransport, createDispatcher, mount } from '@scaivault/runtime';
import {
  createFakeSecrets,
  createTestDatabase,
  type StartedModule,
  startModule,
  type TestKeySeal,
  type Wire,
} from '@scaivault/testkit';
import { createPolicyModule } from '../src/module.ts';
import { policyMigrations } from '../src/store/migrations.ts';

type Known = Partial<Omit<CallerRecord, '$typeName'>>;

/** Stands for identity-sync: knows what a test tells it, by tenant and identity string. */
const createFakeDirectory = () => {
  const known = new Map<string, Known>();
  const state = { isDown: false };
  const unused = () => Promise.reject(new Error('not asked in these tests'));
  const service = mount(IdentityFeedService, {
    lookupTenant: unused,
    lookupPartner: unused,
    lookupCaller: unused,
    followIdentityRevisions: unused,
    lookupIdentity: ({ tenantId, identityId }) => {
      if (state.isDown) throw new VaultError('service_unavailable', 'The database is away.');
      const identity = known.get(`${tenantId} ${identityId}`);
      if (identity === undefined) return create(LookupIdentityResponseSchema, { found: false });
      return create(LookupIdentityResponseSchema, {
        found: true,
        identity: { status: 'ACTIVE', ...identity } as never,
      });
    },
  });
  const dispatcher = createDispatcher([service], (_method, handler) => handler);
  return { known, state, transport: createDirectTransport(() => dispatcher, 'policy') };
};

export interface StartedPolicy extends AsyncDisposable {
  readonly vault: StartedModule;
  readonly directory: ReturnType<typeof createFakeDirectory>;
  /** What the secrets service seals row keys with. */
  readonly keySeal: TestKeySeal;
  /** A session of the service's own role, to look at rows and to let time pass in them. */
  readonly db: Database;
  /** Administrator of a tenant: `tnt_a` and `tnt_b` belong to one partner, `tnt_z` to another. */
  admin(tenantId?: string): Promise<Client<typeof PolicyService>>;
  partnerAdmin(tenantId?: string): Promise<Client<typeof PolicyService>>;
}

export const startPolicy = async (wire: Wire, env: Readonly<Record<string, string>> = {}): Promise<StartedPolicy> => {
  const database = await createTestDatabase({ migrations: [policyMigrations] });
  const directory = createFakeDirectory();
  const secrets = createFakeSecrets('policy');
  const vault = await startModule({
    wire,
    create: createPolicyModule,
    env: { DATABASE_URL: database.url, DATABASE_POOL_SIZE: '4', ...env },
    peers: { 'identity-sync': directory.transport, secrets: secrets.transport },
  });
  const db = openDatabase({
    url: database.url,
    role: 'scaivault_policy',
    schema: 'policy',
    applicationName: 'policy-test',
    poolSize: 1,
    statementTimeoutMs: 5_000,
  });
  return {
    vault,
    directory,
    keySeal: secrets.keySeal,
    db,
    admin: (tenantId = 'tnt_a') => vault.client(PolicyService, { tenant_id: tenantId }),
    partnerAdmin: (tenantId = 'tnt_a') =>
      vault.client(PolicyService, { tenant_id: tenantId, sub: 'usr_partner', roles: ['partner_admin'] }),
    [Symbol.asyncDispose]: async () => {
      await vault[Symbol.asyncDispose]();
      await db.close();
      await database.drop();
    },
  };
};

/** `rules` as it travels. */
export const rulesOf = (...rules: readonly object[]): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(rules));

export const readApp = { path_pattern: 'app/**', permissions: ['read'] };

export const parsed = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

/** Name and rules, which every policy needs. */
export const policy = (name: string) => ({ name, rules: rulesOf(readApp) });
