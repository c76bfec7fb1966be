import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  event,
  memberEvent,
  partnerEvent,
  type StartedIdentitySync,
  startIdentitySync,
  tenantEvent,
} from './start-identity-sync.ts';

describeOnEveryWire('tenants in the mirror', (wire) => {
  let started: StartedIdentitySync;
  beforeAll(async () => {
    started = await startIdentitySync(wire);
    for (const id of ['tnt_a', 'tnt_b']) {
      await started.send(tenantEvent('created', id));
      await started.send(event('user.created', 'usr_1', { tenant_id: id, data: { email: `1@${id}.example` } }));
      await started.send(event('group.created', 'grp_1', { tenant_id: id, data: { name: id } }));
    }
    await started.send(tenantEvent('created', 'tnt_z', { partner_id: 'ptn_y' }));
    await started.send(partnerEvent('created', 'ptn_x'));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const caller = async (tenantId: string) =>
    (await started.feed.lookupCaller({ tenantId, subject: 'usr_1', identityId: 'user:x' })).caller;

  it('are not touched by events of another tenant about the same ids', async () => {
    await started.send(memberEvent('added', 'grp_1', 'usr_1'));
    await started.send(event('user.suspended', 'usr_1', { tenant_id: 'tnt_b' }));
    expect(await caller('tnt_a')).toMatchObject({
      status: 'ACTIVE',
      identityId: 'user:1@tnt_a.example',
      groups: [{ identityId: 'group:tnt_a' }],
    });
    expect(await caller('tnt_b')).toMatchObject({ status: 'SUSPENDED', groups: [] });
  });

  it('have row-level security on every table', async () => {
    const tables = ['partner', 'tenant', 'identity', 'group_', 'membership'] as const;
    for (const table of tables) {
      expect(await started.db.sql`select scope_id from ${started.db.sql(table)}`).toHaveLength(0);
      const seen = await started.db.withScope(
        't:tnt_b' as never,
        (tx) => tx<{ scope_id: string }[]>`select scope_id from ${tx(table)}`,
      );
      expect(seen.every(({ scope_id: scope }) => scope === 't:tnt_b')).toBe(true);
    }
  });

  it('can be seen but not changed by their partner, and not at all by another', async () => {
    const own = await started.db.withScope('p:ptn_x' as never, async (tx) => {
      const { count } = await tx`update tenant set status = 'DELETED'`;
      expect(count).toBe(0);
      return await tx<{ id: string }[]>`select id from tenant order by id`;
    });
    expect(own.map(({ id }) => id)).toEqual(['tnt_a', 'tnt_b']);
    const other = await started.db.withScope('p:ptn_y' as never, (tx) => tx<{ id: string }[]>`select id from tenant`);
    expect(other.map(({ id }) => id)).toEqual(['tnt_z']);
  });

  it('are named to the whole platform, nobody and nothing in them, and not to be changed from there', async () => {
    await started.db.withScope('*' as never, async (tx) => {
      const tenants = await tx<{ id: string }[]>`select id from tenant order by id`;
      expect(tenants.map(({ id }) => id)).toEqual(['tnt_a', 'tnt_b', 'tnt_z']);
      for (const table of ['identity', 'group_', 'membership', 'idempotency'])
        expect(await tx`select 1 from ${tx(table)}`).toHaveLength(0);
      expect((await tx`update tenant set status = 'DELETED'`).count).toBe(0);
      expect((await tx`update partner set status = 'DELETED'`).count).toBe(0);
    });
  });

  it('see only syncs of their own, and begin none past the platform', async () => {
    await started.db.withScope('*' as never, async (tx) => {
      for (const [scope, partner, tenant] of [
        ['*', null, null],
        ['p:ptn_x', 'ptn_x', null],
        ['t:tnt_a', 'ptn_x', 'tnt_a'],
        ['t:tnt_z', 'ptn_y', 'tnt_z'],
      ] as const) {
        await tx`insert into sync_run (id, scope_id, partner_id, tenant_id, trigger, started_at)
          values (${`sync_${scope}`}, ${scope}, ${partner}, ${tenant}, 'manual', now())`;
      }
    });
    const seen = (scope: string) =>
      started.db.withScope(scope as never, async (tx) => {
        const rows = await tx<{ id: string }[]>`select id from sync_run order by id`;
        expect((await tx`update sync_run set status = 'failed' where scope_id <> ${scope}`).count).toBe(0);
        return rows.map(({ id }) => id);
      });
    expect(await seen('t:tnt_a')).toEqual(['sync_t:tnt_a']);
    expect(await seen('p:ptn_x')).toEqual(['sync_p:ptn_x', 'sync_t:tnt_a']);
    const insert = started.db.withScope(
      't:tnt_a' as never,
      (tx) =>
        tx`insert into sync_run (id, scope_id, trigger, started_at) values ('sync_x', 't:tnt_b', 'manual', now())`,
    );
    await expect(insert).rejects.toMatchObject({ sqlState: '42501' });
  });

  it('cannot be written into from another scope', async () => {
    const foreign = started.db.withScope(
      't:tnt_a' as never,
      (tx) => tx`insert into identity (scope_id, subject_id, synced_at) values ('t:tnt_b', 'usr_x', now())`,
    );
    await expect(foreign).rejects.toMatchObject({ sqlState: '42501' });
  });
});
