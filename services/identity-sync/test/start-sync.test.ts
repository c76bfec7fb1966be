import type { Client } from '@connectrpc/connect';
import { DirectoryService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StartedSync, startSync, waitForSync } from './start-sync.ts';

describeOnEveryWire('a sync that is asked for', (wire) => {
  let env: StartedSync;
  let member: Client<typeof DirectoryService>;
  let partnerAdmin: Client<typeof DirectoryService>;

  beforeAll(async () => {
    // An hour: the first one is due at once, as the mirror is empty.
    env = await startSync(wire, { IDENTITY_SYNC_INTERVAL: '1h' });
    const { tenants } = env.started.vault.world;
    tenants.set('tnt_acme_prod', { partnerId: 'ptn_acme' as never, status: 'ACTIVE' });
    const home = { tenant_id: 'tnt_acme_prod' };
    member = await env.started.vault.client(DirectoryService, { ...home, sub: 'usr_bob', roles: [] });
    partnerAdmin = await env.started.vault.client(DirectoryService, {
      ...home,
      sub: 'usr_carol',
      roles: ['partner_admin'],
    });
  });
  afterAll(() => env[Symbol.asyncDispose]());

  it('was not needed to fill the mirror at the first start', async () => {
    await expect.poll(async () => (await env.root.listSyncs({})).total, { timeout: 5_000 }).toBe(1);
    const [first] = (await env.root.listSyncs({})).syncs;
    const done = await waitForSync(env.root, first?.syncId ?? '');
    expect(done).toMatchObject({ status: 'completed', trigger: 'schedule', created: 18 });
    expect(done.partnerId).toBeUndefined();
    expect(done.completedAt).toBeDefined();
    expect((await member.listUsers({ tenantId: 'tnt_acme_prod', q: 'alice' })).total).toBe(1);
    const { members } = await member.listGroupMembers({ groupId: 'grp_oncall' });
    expect(members).toMatchObject([{ userId: 'usr_bob', membershipType: 'INHERITED' }]);
  });

  it('is of what the caller may see, and the one already running is answered', async () => {
    await env.faults({ delay_ms: 100 });
    const first = await partnerAdmin.startSync({});
    expect(first).toMatchObject({ status: 'running' });
    expect(first.syncId).toMatch(/^sync_/);
    expect(await partnerAdmin.startSync({ partnerId: 'ptn_acme' })).toEqual(first);
    const own = await member.startSync({});
    expect(own.syncId).not.toBe(first.syncId);
    expect(await member.startSync({ tenantId: 'tnt_acme_prod' })).toEqual(own);
    await env.faults({});
    const ofPartner = await waitForSync(partnerAdmin, first.syncId);
    expect(ofPartner).toMatchObject({ partnerId: 'ptn_acme', status: 'completed' });
    expect(ofPartner.error).toBeUndefined();
    const done = await waitForSync(member, own.syncId);
    expect(done).toMatchObject({ status: 'completed', partnerId: 'ptn_acme', tenantId: 'tnt_acme_prod' });
    const seen = async (client: typeof member) => (await client.listSyncs({})).syncs.map(({ syncId }) => syncId);
    expect(await seen(member)).toEqual([own.syncId]);
    expect(await seen(partnerAdmin)).toEqual([own.syncId, first.syncId]);
    expect(await seen(env.root)).toHaveLength(3);
  });

  it('of a foreign or unknown range is refused', async () => {
    await expect(member.startSync({ tenantId: 'tnt_acme_dev' })).rejects.toMatchObject({
      code: 'tenant_access_denied',
    });
    await expect(member.startSync({ partnerId: 'ptn_acme' })).rejects.toMatchObject({
      code: 'forbidden',
      details: { reason: 'partner_admin_required' },
    });
    await expect(partnerAdmin.startSync({ partnerId: 'ptn_umbrella' })).rejects.toMatchObject({
      code: 'forbidden',
      details: { reason: 'foreign_partner' },
    });
    await expect(env.root.startSync({ partnerId: 'ptn_none' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(env.root.startSync({ tenantId: 'tnt_none' })).rejects.toMatchObject({ code: 'tenant_not_found' });
    const contradictory = { partnerId: 'ptn_umbrella', tenantId: 'tnt_acme_dev' };
    await expect(env.root.startSync(contradictory)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('leaves a row that names it', async () => {
    const { syncId } = await env.root.startSync({ tenantId: 'tnt_umbrella_prod' });
    const row = env.started.vault.journal.outcomes.at(-1);
    expect(row).toMatchObject({ action: 'identity_sync', success: true });
    expect(JSON.parse(new TextDecoder().decode(row?.extraData))).toMatchObject({
      sync_id: syncId,
      sync_tenant_id: 'tnt_umbrella_prod',
    });
    await waitForSync(env.root, syncId);
  });
});
