import { type Database, openDatabase } from '@scaivault/db';
import type { TenantId } from '@scaivault/tenancy';
import { createTestDatabase, type TestDatabase } from '@scaivault/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseEnvelope } from '../src/domain/envelope.ts';
import { readChange } from '../src/domain/read-change.ts';
import { identitySyncMigrations } from '../src/store/migrations.ts';
import { createMirrorStore } from '../src/store/mirror-store.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase({ migrations: [identitySyncMigrations] });
  db = openDatabase({
    url: database.url,
    role: 'scaivault_identity',
    schema: 'identity',
    applicationName: 'order-test',
    poolSize: 2,
    statementTimeoutMs: 5_000,
  });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

interface Happening {
  readonly type: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const pick = (...words: string[]) => fc.constantFrom(...words);
const user = pick('usr_1', 'usr_2');
const group = pick('grp_1', 'grp_2');
const person = fc.record({
  email: pick('a@x.example', 'b@x.example', 'c@x.example'),
  first_name: pick('Ada', 'Bea'),
  status: pick('ACTIVE', 'SUSPENDED', 'DELETED'),
  mfa_enabled: fc.boolean(),
  roles: fc.subarray(['tenant_admin', 'partner_admin']),
});

/** What may happen; like ScaiKey, each event about a thing tells of the whole thing. */
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    type: pick('user.created', 'user.updated', 'user.activated'),
    id: user,
    data: person,
  }),
  fc.record({
    type: pick('user.suspended', 'user.deleted', 'user.password_changed', 'user.mfa_enabled', 'user.mfa_disabled'),
    id: user,
    data: fc.constant({}),
  }),
  fc.record({
    type: pick('group.created', 'group.updated', 'group.deleted'),
    id: group,
    data: fc.record({ name: pick('one', 'two') }),
  }),
  fc
    .record({
      type: pick('group.member.added', 'group.member_removed', 'group_membership.added', 'group.member.removed'),
      id: group,
      user_id: user,
    })
    .map(({ type, id, user_id }) => ({ type, id, data: { group_id: id, user_id } })),
  fc.record({
    type: pick('tenant.created', 'tenant.updated', 'tenant.deleted'),
    id: fc.constant('<tenant>'),
    data: fc.record({ name: pick('T', 'U'), status: pick('ACTIVE', 'SUSPENDED') }),
  }),
);

let tenants = 0;

/** Takes the events, in the order of these indexes, into a tenant of its own, and tells what is known of it then. */
const mirrorOf = async (history: readonly Happening[], order: readonly number[]): Promise<unknown> => {
  tenants += 1;
  const tenantId = `tnt_${tenants}` as TenantId;
  const mirror = createMirrorStore(db);
  for (const index of order) {
    const happened = history[index];
    if (happened === undefined) throw new Error('No such event.');
    const envelope = parseEnvelope(
      new TextEncoder().encode(
        JSON.stringify({
          event_id: `evt_${tenantId}_${index}`,
          event_type: happened.type,
          timestamp: new Date(Date.UTC(2026, 4, 1, 12, 0, index)).toISOString(),
          resource: { id: happened.id === '<tenant>' ? tenantId : happened.id },
          data: happened.data,
          tenant_id: tenantId,
          partner_id: 'ptn_x',
        }),
      ),
    );
    const change = readChange(envelope);
    if (change === undefined) throw new Error('This event does nothing.');
    const { eventId, atMicros } = envelope;
    await mirror.apply({ eventId, change, atMicros, nowMicros: Date.now() * 1000 });
  }
  const scopeId = `t:${tenantId}`;
  return await db.withScope(scopeId as never, async (tx) => ({
    tenant: await tx`select name, status, profile_time, status_time from tenant`,
    // A row that only a membership has named says nothing that anybody acts by.
    people: await tx`
      select subject_id, identity_id, display_name, roles, status, mfa_enabled, tokens_void_before, mfa_void_before,
        profile_time, status_time, mfa_time, memberships_void_until
      from identity order by 1`,
    groups: await tx`
      select subject_id, identity_id, status, profile_time, status_time, memberships_void_until from group_ order by 1`,
    members: await tx`
      select i.subject_id, g.identity_id from identity i cross join lateral groups_of(${scopeId}, i.subject_id) g
      order by 1, 2`,
  }));
};

it('ends the same in whatever order events come, and however often', async () => {
  const histories = fc.array(happening, { minLength: 2, maxLength: 14 }).chain((history) => {
    const indexes = history.map((_, index) => index);
    return fc.record({
      history: fc.constant(history),
      order: fc
        .tuple(fc.shuffledSubarray(indexes, { minLength: indexes.length }), fc.subarray(indexes))
        .map(([order, again]) => [...order, ...again]),
    });
  });
  await fc.assert(
    fc.asyncProperty(histories, async ({ history, order }) => {
      const inOrder = await mirrorOf(
        history,
        history.map((_, index) => index),
      );
      expect(await mirrorOf(history, order)).toEqual(inOrder);
    }),
    { numRuns: 60 },
  );
}, 60_000);
