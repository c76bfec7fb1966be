import { openDatabase } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import { createTestDatabase } from '@scaivault/testkit';
import { expect, it } from 'vitest';
import type { SecretPolicy } from '../src/domain/secret-policies/secret-policy.ts';
import { secretsMigrations } from '../src/store/migrations.ts';
import { createSecretPolicyStore } from '../src/store/secret-policy-store.ts';

const owner = 't:tnt_a' as ScopeId;

const policy = (name: string): SecretPolicy => ({
  id: `sp_${name}`,
  name,
  policyType: 'custom',
  description: null,
  fields: [{ name: 'a', generator: 'hex', config: '{"length":8}' }],
  isActive: true,
  createdAtMicros: 1_700_000_000_123_456,
  updatedAtMicros: 1_700_000_000_123_457,
});

const openStore = async () => {
  const database = await createTestDatabase({ migrations: [secretsMigrations] });
  const db = openDatabase({
    url: database.url,
    role: 'scaivault_secrets',
    schema: 'secrets',
    applicationName: 'secret-policies-test',
    poolSize: 2,
    statementTimeoutMs: 10_000,
  });
  return {
    db,
    policies: createSecretPolicyStore(db),
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await database.drop();
    },
  };
};

it('finds a policy as it was written', async () => {
  await using store = await openStore();
  await store.policies.insert(owner, policy('whole'), undefined);
  expect(await store.policies.find(owner, 'sp_whole')).toEqual(policy('whole'));
  expect(await store.policies.find(owner, 'sp_other')).toBeUndefined();
});

it('commits a policy together with what makes the request one that was carried out, or neither', async () => {
  await using store = await openStore();
  const seen: unknown[] = [];
  await store.policies.insert(owner, policy('once'), {
    commit: async (tx) => {
      seen.push(...(await tx`select id from secret_policy`));
    },
  });
  expect(seen).toEqual([{ id: 'sp_once' }]);
  const refused = { commit: () => Promise.reject(new Error('somebody else has run it')) };
  await expect(store.policies.insert(owner, policy('twice'), refused)).rejects.toThrow('somebody else has run it');
  expect(await store.policies.find(owner, 'sp_twice')).toBeUndefined();
});

it('shows no row of another scope, whatever a query asks for', async () => {
  await using store = await openStore();
  await store.policies.insert(owner, policy('mine'), undefined);
  for (const scope of ['t:tnt_b', 'p:ptn_x'] as ScopeId[]) {
    expect(await store.db.withScope(scope, (tx) => tx`select id from secret_policy`)).toHaveLength(0);
    await expect(
      store.db.withScope(scope, (tx) => tx`update secret_policy set is_active = false returning id`),
    ).resolves.toHaveLength(0);
  }
  expect(await store.db.sql`select id from secret_policy`).toHaveLength(0);
});
