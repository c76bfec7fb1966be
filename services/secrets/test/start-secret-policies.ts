import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@connectrpc/connect';
import { SecretPoliciesService } from '@scaivault/contracts';
import { type Database, openDatabase, type Tx } from '@scaivault/db';
import { createTestDatabase, type StartedModule, startModule, type Wire } from '@scaivault/testkit';
import { expect } from 'vitest';
import { createSecretsModule } from '../src/module.ts';
import { secretsMigrations } from '../src/store/migrations.ts';

export type SecretPoliciesClient = Client<typeof SecretPoliciesService>;

interface AttachedSecrets {
  /** The policy's id; also by one of another tenant. */
  readonly to: string;
  readonly policyScope?: string;
  readonly scope?: string;
  readonly count?: number;
  readonly deletedDaysAgo?: number;
}

export interface StartedSecretPolicies extends AsyncDisposable {
  readonly vault: StartedModule;
  /** Sees every row of every scope, whatever row-level security says. */
  readonly owner: Database;
  /** Administrator of a tenant: `tnt_a` and `tnt_b` belong to one partner, `tnt_z` to another. */
  admin(tenantId?: string): Promise<SecretPoliciesClient>;
  /** Secrets of `t:tnt_a` that get their values by the policy; `prefix/1` and so on. */
  attach(prefix: string, attached: AttachedSecrets): Promise<void>;
  /** What they refer to, with the revision of their metadata. */
  references(prefix: string): Promise<readonly { readonly id: string | null; readonly revision: number }[]>;
}

export const startSecretPolicies = async (wire: Wire): Promise<StartedSecretPolicies> => {
  const database = await createTestDatabase({ migrations: [secretsMigrations] });
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-secret-policies-'));
  const keyFile = join(folder, 'root.key');
  await writeFile(keyFile, randomBytes(32), { mode: 0o600 });
  const vault = await startModule({
    wire,
    create: createSecretsModule,
    env: {
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: '4',
      KMS_PROVIDER: 'local',
      KMS_LOCAL_KEY_FILE: keyFile,
    },
  });
  const owner = openDatabase({
    url: database.url,
    role: new URL(database.url).username,
    schema: 'secrets',
    applicationName: 'secret-policies-test',
    poolSize: 2,
    statementTimeoutMs: 10_000,
  });
  return {
    vault,
    owner,
    admin: (tenantId = 'tnt_a') => vault.client(SecretPoliciesService, { tenant_id: tenantId }),
    attach: async (prefix, { to, scope = 't:tnt_a', policyScope = 't:tnt_a', count = 1, deletedDaysAgo = null }) => {
      await owner.sql`
        insert into secret (
          scope_id, path, secret_type, current_version, max_versions, metadata, metadata_revision, tags,
          created_at, updated_at, deleted_at, secret_policy_scope, secret_policy_id
        )
        select ${scope}, ${prefix} || '/' || n, 'kv', 1, 10, '{}', 1, '{}', '2020-01-01Z', '2020-01-01Z',
          now() - make_interval(days => ${deletedDaysAgo}::integer), ${policyScope}, ${to}
        from generate_series(1, ${count}::integer) as n`;
    },
    references: (prefix) =>
      owner.sql<{ id: string | null; revision: number }[]>`
        select secret_policy_id as "id", metadata_revision as "revision" from secret
        where path like ${`${prefix}/%`} order by scope_id, path`,
    [Symbol.asyncDispose]: async () => {
      await vault[Symbol.asyncDispose]();
      await owner.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
};

/** Resolves when that many sessions of this database wait for a lock. */
export const waitForLocked = async (tx: Tx, sessions: number): Promise<void> => {
  for (let waiting = 0; waiting < sessions; ) {
    // Within a transaction the list of sessions stands still otherwise.
    await tx`select pg_stat_clear_snapshot()`;
    const rows = await tx`
      select distinct pid from pg_locks
      where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`;
    waiting = rows.length;
  }
};

/** A config as it travels. */
export const configOf = (config: object): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(config));

export const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

/** Name and fields, which every secret policy needs. */
export const password = (name: string, length = 16) => ({
  name,
  fields: [{ name: 'password', generator: 'random', config: configOf({ length }) }],
});

/** An id as ours are, of nothing. */
export const absent = 'sp_01J9ZC4A0B1C2D3E4F5G6H7J8K';

export const notFound = { code: 'secret_policy_not_found', message: 'There is no such secret policy.' };

export const brokenField = (field: string, rule: string) => ({
  code: 'validation_error',
  details: { fields: [expect.objectContaining({ field, rule })] },
});
