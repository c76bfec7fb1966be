import { openDatabase } from '@scaivault/db';
import { VaultError } from '@scaivault/errors';
import { parseTenantId, type ScopeId } from '@scaivault/tenancy';
import { createTestDatabase } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createPinBindings } from '../src/app/pin-bindings.ts';
import type { PutInForce } from '../src/app/put-in-force.ts';
import type { Binding, BoundType } from '../src/domain/binding.ts';
import type { KnownIdentity } from '../src/ports.ts';
import { createBindingTable } from '../src/store/binding-table.ts';
import { policyMigrations } from '../src/store/migrations.ts';
import { createPolicyTable } from '../src/store/policy-table.ts';

const openStore = async () => {
  const database = await createTestDatabase({ migrations: [policyMigrations] });
  const db = openDatabase({
    url: database.url,
    role: 'scaivault_policy',
    schema: 'policy',
    applicationName: 'policy-test',
    poolSize: 2,
    statementTimeoutMs: 5_000,
  });
  return { db, bindings: createBindingTable(db), policies: createPolicyTable(db), drop: () => database.drop() };
};

const tenant = 't:tnt_a' as ScopeId;
const partner = 'p:ptn_x' as ScopeId;
const nowMicros = Date.now() * 1000;
const origin = { identityId: 'test', requestId: null, atMicros: nowMicros };
const later = nowMicros + 3_600_000_000;

let store: Awaited<ReturnType<typeof openStore>>;
let known: Map<string, string>;
let changed: ScopeId[];
let run: () => Promise<void>;

beforeAll(async () => {
  store = await openStore();
});
afterAll(async () => {
  await store.db.close();
  await store.drop();
});
beforeEach(async () => {
  known = new Map();
  changed = [];
  for (const scopeId of [tenant, partner]) {
    await store.db.withScope(scopeId, (tx) => tx`delete from policy where scope_id = ${scopeId}`);
    const at = { createdAtMicros: nowMicros, updatedAtMicros: nowMicros };
    const fields = { name: 'n', description: null, priority: 1, rules: { json: '[]', count: 1 }, isActive: true };
    await store.policies.insert(scopeId, { id: 'pol_1', scope: 'tenant', ...fields, ...at }, { origin });
  }
  const putInForce: PutInForce = async (scopeId, commit) => {
    const result = await commit();
    changed.push(scopeId);
    return result;
  };
  const lookup = (tenantId: string, type: BoundType | undefined, identityId: string) => {
    const subjectId = known.get(`${tenantId} ${identityId}`);
    if (subjectId === 'down') return Promise.reject(new VaultError('service_unavailable', 'The directory is away.'));
    if (subjectId === undefined || type === undefined) return Promise.resolve(undefined);
    const identity: KnownIdentity = { subjectId, identityType: type, identityId, groups: [], roles: [] };
    return Promise.resolve(identity);
  };
  run = createPinBindings({ bindings: store.bindings, identities: { lookup }, putInForce });
});

const bind = async (
  id: string,
  identityId: string,
  more: Partial<Binding> = {},
  scopeId = tenant,
  directory = 'tnt_a',
) =>
  store.bindings.bind(
    scopeId,
    {
      id,
      policyId: 'pol_1',
      identityType: 'user',
      identityId,
      subjectId: null,
      expiresAtMicros: null,
      createdAtMicros: nowMicros,
      createdBy: 'test',
      ...more,
    },
    { directory: parseTenantId(directory), most: 1_000, deed: { origin } },
  );
const pinsOf = async (scopeId = tenant) =>
  (await store.bindings.list(scopeId, 'pol_1', { after: '', limit: 1_000, nowMicros })).map(
    ({ id, subjectId, expiresAtMicros }) => [id, subjectId, expiresAtMicros],
  );

it('pins a binding once the directory knows the name, and puts that in force', async () => {
  await bind('bnd_1', 'user:alice');
  await bind('bnd_2', 'user:nobody');
  await run();
  expect(changed).toEqual([]);
  known.set('tnt_a user:alice', 'usr_1');
  await run();
  expect(await pinsOf()).toEqual([
    ['bnd_1', 'usr_1', null],
    ['bnd_2', null, null],
  ]);
  expect(changed).toEqual([tenant]);
  // The name goes to somebody else, the binding does not.
  known.set('tnt_a user:alice', 'usr_2');
  await run();
  expect((await pinsOf())[0]).toEqual(['bnd_1', 'usr_1', null]);
});

it('leaves alone what was pinned or taken away between the question and the answer', async () => {
  await bind('bnd_1', 'user:alice');
  await bind('bnd_2', 'user:bob');
  const [first, second] = await store.bindings.unpinned(undefined, 10);
  await store.bindings.pin(first!, 'usr_1');
  await store.bindings.unbind(tenant, 'pol_1', 'bnd_2', origin);
  await store.bindings.pin(first!, 'usr_2');
  await store.bindings.pin(second!, 'usr_3');
  expect(await pinsOf()).toEqual([['bnd_1', 'usr_1', null]]);
  await store.bindings.pin(first!, 'usr_1');
  expect(await pinsOf()).toEqual([['bnd_1', 'usr_1', null]]);
});

it('asks the directory in which the name was bound, for a policy of a partner too', async () => {
  await bind('bnd_1', 'user:alice', {}, partner, 'tnt_b');
  known.set('tnt_a user:alice', 'usr_1');
  await run();
  expect(await pinsOf(partner)).toEqual([['bnd_1', null, null]]);
  known.set('tnt_b user:alice', 'usr_9');
  await run();
  expect(await pinsOf(partner)).toEqual([['bnd_1', 'usr_9', null]]);
  expect(changed).toEqual([partner]);
});

it('knows the directory of what earlier versions bound in a tenant, and leaves alone what they bound for a partner', async () => {
  await bind('bnd_1', 'user:alice');
  await bind('bnd_2', 'user:alice', {}, partner);
  for (const scopeId of [tenant, partner]) {
    await store.db.withScope(scopeId, (tx) => tx`update binding set directory_tenant_id = null`);
  }
  known.set('tnt_a user:alice', 'usr_1');
  await run();
  expect([await pinsOf(), await pinsOf(partner)]).toEqual([[['bnd_1', 'usr_1', null]], [['bnd_2', null, null]]]);
});

it.each([
  [later, null, null],
  [later, later + 5, later + 5],
  [later + 5, later, later + 5],
])('leaves a subject one binding, until the later of %s and %s', async (own, other, expected) => {
  await bind('bnd_own', 'user:maiden-name', { subjectId: 'usr_1', expiresAtMicros: own });
  await bind('bnd_other', 'user:alice', { expiresAtMicros: other });
  known.set('tnt_a user:alice', 'usr_1');
  await run();
  expect(await pinsOf()).toEqual([['bnd_own', 'usr_1', expected]]);
});

it('goes on behind what it has looked at, and behind what cannot be looked up', async () => {
  for (let n = 100; n < 350; n += 1) await bind(`bnd_${n}`, `user:${n}`);
  known.set('tnt_a user:101', 'down');
  known.set('tnt_a user:349', 'usr_349');
  await expect(run()).rejects.toMatchObject({ code: 'service_unavailable' });
  await run();
  expect((await pinsOf()).filter(([, subjectId]) => subjectId !== null)).toEqual([['bnd_349', 'usr_349', null]]);
});

it('has nothing to do with bindings that are over', async () => {
  await bind('bnd_1', 'user:alice');
  const expire = (tx: Parameters<Parameters<typeof store.db.withScope>[1]>[0]) =>
    tx`update binding set expires_at = now() - interval '1 second' where id = 'bnd_1'`;
  await store.db.withScope(tenant, expire);
  expect(await store.bindings.unpinned(undefined, 10)).toEqual([]);
});
