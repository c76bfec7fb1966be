import { createRevisionLog, type RevisionLog } from '@scaivault/db';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  event,
  later,
  memberEvent,
  partnerEvent,
  type StartedIdentitySync,
  startIdentitySync,
  tenantEvent,
} from './start-identity-sync.ts';

describe('the numbered changes of the mirror', () => {
  let started: StartedIdentitySync;
  let log: RevisionLog;
  let epoch: string;
  let before: number;
  beforeAll(async () => {
    started = await startIdentitySync('direct');
    log = createRevisionLog(started.db);
    for (const id of ['tnt_a', 'tnt_b']) await started.send(tenantEvent('created', id));
    await started.send(tenantEvent('created', 'tnt_z', { partner_id: 'ptn_y' }));
    await started.send(event('user.created', 'usr_1'));
  });
  afterAll(() => started[Symbol.asyncDispose]());
  beforeEach(async () => {
    ({ epoch, revision: before } = await log.newsSince({ epoch: '', confirmed: 0, heeds: '' }, 0));
  });
  const news = async () => {
    const { revision, changedScopes } = await log.newsSince({ epoch, confirmed: before, heeds: '' }, 100);
    return { numbers: revision - before, changedScopes: changedScopes.toSorted() };
  };

  it.each([
    ['a person', () => event('user.suspended', 'usr_1')],
    ['a group', () => event('group.created', 'grp_1', { data: { name: 'sre' } })],
    ['a membership', () => memberEvent('added', 'grp_1', 'usr_2')],
    ['the end of one', () => memberEvent('removed', 'grp_1', 'usr_2')],
    ['a tenant', () => tenantEvent('updated', 'tnt_a', { data: { status: 'SUSPENDED' } })],
  ])('tell of %s', async (_what, sent) => {
    await started.send(sent());
    expect(await news()).toEqual({ numbers: 1, changedScopes: ['t:tnt_a'] });
  });

  it('name all tenants of a partner, and nobody else', async () => {
    await started.send(partnerEvent('updated', 'ptn_x', { data: { status: 'SUSPENDED' } }));
    expect(await news()).toEqual({ numbers: 1, changedScopes: ['p:ptn_x', 't:tnt_a', 't:tnt_b'] });
  });

  it('tell nothing of an event that is stale, nor of a row that was only seen again', async () => {
    const timestamp = later();
    await started.send(event('user.created', 'usr_9', { data: { email: 'new@a.example' } }));
    ({ revision: before } = await log.newsSince({ epoch: '', confirmed: 0, heeds: '' }, 0));
    await started.send(event('user.created', 'usr_9', { timestamp, data: { email: 'old@a.example' } }));
    await started.db.withScope('t:tnt_a' as never, async (tx) => {
      await tx`update identity set synced_at = now()`;
      await tx`update membership set synced_at = now()`;
    });
    expect(await news()).toEqual({ numbers: 0, changedScopes: [] });
  });
});
