import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memberEvent } from './start-identity-sync.ts';
import { type StartedSync, startSync } from './start-sync.ts';

vi.setConfig({ testTimeout: 60_000 });

let env: StartedSync;
const caller = async (subject: string, tenantId = 'tnt_acme_prod') =>
  (await env.started.feed.lookupCaller({ tenantId, subject, identityId: 'user:x' })).caller;
const groupsOf = async (subject: string) => (await caller(subject))?.groups.map(({ identityId }) => identityId);
const tenantStatus = async (tenantId: string) => (await env.started.feed.lookupTenant({ tenantId })).status;
const silent = { silent: true };

describe('a sync', () => {
  beforeEach(async () => {
    env = await startSync();
  });
  afterEach(() => env[Symbol.asyncDispose]());

  it('fills an empty mirror with the whole directory, and finds nothing new the second time', async () => {
    expect(await env.sync()).toMatchObject({ status: 'completed', trigger: 'manual', created: 18, removed: 0 });
    expect(await tenantStatus('tnt_umbrella_prod')).toBe('ACTIVE');
    expect(await caller('usr_alice')).toMatchObject({ identityId: 'user:alice@acme.example', roles: ['tenant_admin'] });
    expect(await caller('sa_ci')).toMatchObject({ identityId: 'sa:ci', identityType: 'service_account' });
    expect(await groupsOf('usr_bob')).toEqual(['group:oncall', 'group:sre']);
    expect(await env.sync()).toMatchObject({ status: 'completed', created: 0, updated: 0, removed: 0 });
  });

  it('leaves rows in the trail of each tenant that it changed, with what it changed there, and in no other', async () => {
    const rowsOf = () =>
      env.started.vault.journal.outcomes
        .splice(0)
        .filter(({ identityId }) => identityId === 'system:identity-sync')
        .map(({ tenantId, action, identityType, success, extraData }) => ({
          tenantId,
          action,
          identityType,
          success,
          ...(JSON.parse(new TextDecoder().decode(extraData)) as {
            sync_id: string;
            created?: number;
            removed?: number;
          }),
        }));
    const first = await env.sync();
    const rows = rowsOf();
    for (const row of rows)
      expect(row).toMatchObject({
        action: 'identity_sync',
        identityType: 'system',
        success: true,
        sync_id: first.syncId,
      });
    const partners = env.emulator.directory.data.partners.length;
    expect(rows.reduce((sum, { created = 0 }) => sum + created, 0)).toBe(18 - partners);
    expect(new Set(rows.map(({ tenantId }) => tenantId))).toContain('tnt_umbrella_prod');

    await env.sync();
    expect(rowsOf()).toEqual([]);

    await env.emulator.directory.remove('users', 'usr_carol', silent);
    await env.sync();
    expect(rowsOf()).toMatchObject([{ removed: 1 }]);
  });

  it('finds every change whose event was lost', async () => {
    await env.sync();
    const { directory } = env.emulator;
    await directory.change('users', 'usr_bob', { email: 'robert@acme.example' }, silent);
    await directory.change('users', 'usr_alice', { status: 'SUSPENDED' }, silent);
    await directory.change('tenants', 'tnt_umbrella_prod', { status: 'SUSPENDED' }, silent);
    await directory.change('groups', 'grp_sre', { name: 'reliability' }, silent);
    await directory.addMember('grp_sre', 'sa_ci', silent);
    await directory.remove('users', 'usr_carol', silent);
    expect(await env.sync()).toMatchObject({ status: 'completed', updated: 4, created: 2, removed: 1 });
    expect(await caller('usr_bob')).toMatchObject({ identityId: 'user:robert@acme.example' });
    expect(await caller('usr_alice')).toMatchObject({ status: 'SUSPENDED' });
    expect(await caller('usr_carol')).toMatchObject({ status: 'DELETED' });
    expect(await tenantStatus('tnt_umbrella_prod')).toBe('SUSPENDED');
    expect(await groupsOf('sa_ci')).toEqual(['group:oncall', 'group:reliability']);
    await directory.removeMember('grp_sre', 'usr_bob', silent);
    await directory.remove('groups', 'grp_oncall', silent);
    expect(await env.sync()).toMatchObject({ status: 'completed' });
    expect(await groupsOf('usr_bob')).toEqual([]);
    expect(await groupsOf('sa_ci')).toEqual(['group:reliability']);
  });

  it('takes back what was deleted and is there again', async () => {
    await env.sync();
    const { directory } = env.emulator;
    const bob = directory.data.users.find(({ id }) => id === 'usr_bob');
    if (bob === undefined) throw new Error('The seed has no bob.');
    await directory.remove('users', 'usr_bob', silent);
    await env.sync();
    expect(await caller('usr_bob')).toMatchObject({ status: 'DELETED' });
    // The very same row, its time included.
    directory.data.users.push(bob);
    await env.sync();
    expect(await caller('usr_bob')).toMatchObject({ status: 'ACTIVE' });
  });

  it.each([
    ['pages are cut short', { cut_pages: true }, /incomplete_listing: users/],
    ['lists have lost half of their rows and agree with it', { shrink_lists: true }, /incomplete_listing: members/],
    ['lists say that there is nothing', { empty_lists: true }, /empty_listing: users/],
    ['ScaiKey fails', { fail_with: 503 }, /^scaikey_unavailable$/],
  ])('removes nothing when %s', async (_what, faults, error) => {
    await env.sync();
    const { started } = env;
    const rows = async () =>
      await started.db.withScope('t:tnt_acme_prod' as never, async (tx) => [
        await tx`select subject_id, status, roles from identity order by 1`,
        await tx`select subject_id, status, name from group_ order by 1`,
        await tx`select group_id, subject_id, present from membership order by 1, 2`,
      ]);
    const before = await rows();
    await env.faults(faults);
    const failed = await env.sync();
    expect(failed).toMatchObject({ status: 'failed', removed: 0 });
    expect(failed.error).toMatch(error);
    expect(await rows()).toEqual(before);
    expect(await tenantStatus('tnt_umbrella_prod')).toBe('ACTIVE');
    await env.faults({});
    expect(await env.sync()).toMatchObject({ status: 'completed', removed: 0 });
  });

  it('removes nothing when suspiciously much is missing', async () => {
    const { directory } = env.emulator;
    for (let index = 0; index < 20; index += 1) {
      const fields = { tenant_id: 'tnt_acme_dev', id: `usr_${index}`, email: `${index}@acme.example` };
      await directory.create('users', fields, silent);
    }
    await env.sync();
    for (let index = 0; index < 11; index += 1) await directory.remove('users', `usr_${index}`, silent);
    const stopped = await env.sync();
    expect(stopped).toMatchObject({ status: 'failed', removed: 0, error: 'too_many_missing: users' });
    expect(await caller('usr_1', 'tnt_acme_dev')).toMatchObject({ status: 'ACTIVE' });
  });

  it('leaves what an event has told of since its listing began', async () => {
    await env.sync();
    const { directory } = env.emulator;
    await env.faults({ delay_ms: 150 });
    const { syncId } = await env.root.startSync({});
    await expect
      .poll(async () => (await progressOf(syncId))?.step, { timeout: 10_000, interval: 10 })
      .toMatch(/groups|members/);
    // A user whom no list has told of, and who is not there when asked for: only the event's time speaks for it.
    await env.started.send({
      ...memberEvent('added', 'grp_sre', 'usr_new', { tenant_id: 'tnt_acme_prod' }),
      timestamp: new Date().toISOString(),
    });
    await directory.removeMember('grp_sre', 'usr_bob', silent);
    await env.faults({});
    await expect.poll(async () => (await progressOf(syncId))?.status, { timeout: 20_000 }).toBe('completed');
    const [row] = await env.started.db.withScope(
      't:tnt_acme_prod' as never,
      (tx) => tx`select i.status, m.present from identity i join membership m using (scope_id, subject_id)
        where i.subject_id = 'usr_new'`,
    );
    expect(row).toMatchObject({ status: 'ACTIVE' });
  });

  it('of a range touches nothing outside of it', async () => {
    await env.sync();
    const { directory } = env.emulator;
    await directory.change('users', 'usr_bob', { first_name: 'Robert' }, silent);
    await directory.change('users', 'usr_dave', { first_name: 'David' }, silent);
    const { syncId } = await env.root.startSync({ tenantId: 'tnt_umbrella_prod' });
    await expect.poll(async () => (await progressOf(syncId))?.status, { timeout: 20_000 }).toBe('completed');
    expect(await caller('usr_dave', 'tnt_umbrella_prod')).toMatchObject({ displayName: 'David Dunn' });
    expect(await caller('usr_bob')).toMatchObject({ displayName: 'Bob Brook' });
    const ofPartner = await env.root.startSync({ partnerId: 'ptn_acme' });
    await expect.poll(async () => (await progressOf(ofPartner.syncId))?.status, { timeout: 20_000 }).toBe('completed');
    expect(await caller('usr_bob')).toMatchObject({ displayName: 'Robert Brook' });
  });
});

const progressOf = async (syncId: string) => {
  const [row] = await env.started.db.withScope(
    '*' as never,
    (tx) => tx<{ status: string; step: string }[]>`select status, step from sync_run where id = ${syncId}`,
  );
  return row;
};
