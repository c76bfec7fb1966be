import { openDatabase } from '@scaivault/db';
import { createTestDatabase } from '@scaivault/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { createSweepBindings } from '../src/app/sweep-bindings.ts';
import { createBindingTable } from '../src/store/binding-table.ts';
import { policyMigrations } from '../src/store/migrations.ts';
import { createPolicyTable } from '../src/store/policy-table.ts';

const hour = 3_600_000_000;

it('removes what has long expired in every scope, in batches, and nothing that is alive', async () => {
  const database = await createTestDatabase({ migrations: [policyMigrations] });
  onTestFinished(() => database.drop());
  const db = openDatabase({
    url: database.url,
    role: 'scaivault_policy',
    schema: 'policy',
    applicationName: 'policy-test',
    poolSize: 2,
    statementTimeoutMs: 5_000,
  });
  onTestFinished(() => db.close());
  const now = Date.now() * 1000;
  const origin = { identityId: 'test', requestId: null, atMicros: now };
  const policies = createPolicyTable(db);
  const bindings = createBindingTable(db);
  const scopes = ['t:tnt_a', 'p:ptn_x'] as never[];
  for (const scopeId of scopes) {
    const at = { createdAtMicros: now, updatedAtMicros: now };
    const fields = { name: 'n', description: null, priority: 1, rules: { json: '[]', count: 1 }, isActive: true };
    await policies.insert(scopeId, { id: 'pol_1', scope: 'tenant', ...fields, ...at }, { origin });
    await db.withScope(
      scopeId,
      (tx) => tx`
        insert into binding (scope_id, policy_id, id, identity_type, identity_id, expires_at, created_at, created_by)
        select ${scopeId}, 'pol_1', 'bnd_' || n, 'user', 'user:' || n, now() - interval '2 hours', now(), 'test'
        from generate_series(1, 1500) n
        union all values
          (${scopeId}, 'pol_1', 'bnd_ever', 'user', 'user:ever', null::timestamptz, now(), 'test'),
          (${scopeId}, 'pol_1', 'bnd_just', 'user', 'user:just', now() - interval '1 minute', now(), 'test'),
          (${scopeId}, 'pol_1', 'bnd_soon', 'user', 'user:soon', now() + interval '1 minute', now(), 'test')`,
    );
  }
  const left = (scopeId: never) =>
    db.withScope(scopeId, async (tx) =>
      (await tx<{ id: string }[]>`select id from binding order by id`).map(({ id }) => id),
    );

  const batches: number[] = [];
  const counting = {
    sweep: async (before: number, most: number) => {
      const removed = await bindings.sweep(before, most);
      batches.push(removed);
      return removed;
    },
  };
  await createSweepBindings({ bindings: counting, nowMicros: () => now })();
  expect(batches).toEqual([1000, 1000, 1000, 0]);
  for (const scopeId of scopes) expect(await left(scopeId)).toEqual(['bnd_ever', 'bnd_just', 'bnd_soon']);

  // A clock that is a day ahead still takes nothing that is alive.
  await createSweepBindings({ bindings, nowMicros: () => now + 24 * hour })();
  for (const scopeId of scopes) expect(await left(scopeId)).toEqual(['bnd_ever', 'bnd_soon']);
});
