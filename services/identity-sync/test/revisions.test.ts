import { createIdentityReplica } from '@scaivault/pipeline';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import {
  event,
  later,
  memberEvent,
  partnerEvent,
  type StartedIdentitySync,
  startIdentitySync,
  type TestEvent,
  tenantEvent,
} from './start-identity-sync.ts';

const leaseMs = 1_000;

describeOnEveryWire('news of the mirror', (wire) => {
  let started: StartedIdentitySync;
  beforeAll(async () => {
    started = await startIdentitySync(wire);
    for (const id of ['tnt_a', 'tnt_b']) await started.send(tenantEvent('created', id));
    await started.send(tenantEvent('created', 'tnt_z', { partner_id: 'ptn_y' }));
  });
  afterAll(() => started[Symbol.asyncDispose]());
  // No change waits for the followers of the test before.
  beforeEach(() => started.db.sql`delete from follower`);

  const follow = (followerId: string, epoch = '', confirmed = 0n) =>
    started.feed.followIdentityRevisions({ followerId, epoch, confirmed });

  /** What a follower hears of an event, and whether the sender had its answer before the follower's word. */
  const deliver = async (followerId: string, sent: TestEvent) => {
    const { epoch, revision } = await follow(followerId);
    const news = follow(followerId, epoch, revision);
    let answered = false;
    const delivery = started.send(sent).then((answer) => {
      answered = true;
      return answer;
    });
    let heard = await news;
    // On a busy machine a follower may ask again before there is anything to tell.
    while (heard.changedScopes.length === 0) heard = await follow(followerId, epoch, revision);
    // Time for an answer that waits for nobody.
    await started.feed.lookupTenant({ tenantId: 'tnt_a' });
    const answeredEarly = answered;
    const next = follow(followerId, epoch, heard.revision);
    const answer = await delivery;
    await next;
    return { changedScopes: heard.changedScopes, answeredEarly, answer };
  };

  it('reach every follower before the sender has its answer', async () => {
    const heard = await deliver('one', event('user.suspended', 'usr_1'));
    expect(heard).toMatchObject({ changedScopes: ['t:tnt_a'], answeredEarly: false, answer: { handled: true } });
  });

  it('name a partner and all its tenants', async () => {
    const heard = await deliver('two', partnerEvent('updated', 'ptn_x', { data: { status: 'SUSPENDED' } }));
    expect(heard).toMatchObject({ changedScopes: ['p:ptn_x', 't:tnt_a', 't:tnt_b'], answeredEarly: false });
    await deliver('two', partnerEvent('updated', 'ptn_x', { data: { status: 'ACTIVE' } }));
  });

  it('hold back the answer to a duplicate too, whose first delivery may have died while it waited', async () => {
    const { epoch, revision } = await follow('three');
    const news = follow('three', epoch, revision);
    const sent = event('user.updated', 'usr_2');
    const answers: unknown[] = [];
    const send = async (): Promise<void> => void answers.push(await started.send(sent));
    const first = send();
    let heard = await news;
    while (heard.changedScopes.length === 0) heard = await follow('three', epoch, revision);
    const duplicate = send();
    // Time for an answer that waits for nobody.
    for (let turn = 0; turn < 5; turn += 1) await started.feed.lookupTenant({ tenantId: 'tnt_a' });
    expect(answers).toEqual([]);
    const next = follow('three', epoch, heard.revision);
    await Promise.all([first, duplicate, next]);
    expect(answers).toContainEqual(expect.objectContaining({ handled: true, duplicate: true }));
  });

  it('are none when nothing changed', async () => {
    const old = later();
    await started.send(event('user.created', 'usr_3'));
    const { epoch, revision } = await follow('four');
    expect(await started.send(event('user.updated', 'usr_3', { timestamp: old, data: {} }))).toMatchObject({
      stale: true,
    });
    await started.send(event('auth.login', 'usr_3'));
    expect(await follow('four', epoch, revision)).toMatchObject({ revision, changedScopes: [] });
  });

  it('wait for a dead follower only until its lease is over', async () => {
    const followedAt = performance.now();
    await follow('dead');
    await started.send(event('user.updated', 'usr_4'));
    const waitedMs = performance.now() - followedAt;
    expect(waitedMs).toBeGreaterThanOrEqual(leaseMs - 50);
    expect(waitedMs).toBeLessThan(leaseMs * 3);
  });

  it('bind the very next look of a replica after the answer', async () => {
    const failures: unknown[] = [];
    const replica = createIdentityReplica({
      client: started.feed,
      maxStalenessMs: leaseMs,
      onFailure: (error) => failures.push(error),
    });
    onTestFinished(replica.stop);
    await replica.start();
    const caller = async () => (await replica.caller('tnt_a' as never, 'usr_5', 'user:five@a.example')).record;
    const tenant = async () => (await replica.tenant('tnt_a' as never)).record?.status;
    const partner = async () => (await replica.partner('ptn_5' as never)).record?.status;
    expect(await caller()).toBeUndefined();
    expect(await partner()).toBeUndefined();
    await started.send(partnerEvent('created', 'ptn_5'));
    expect(await partner()).toBe('ACTIVE');
    await started.send(partnerEvent('deleted', 'ptn_5'));
    expect(await partner()).toBe('DELETED');
    await started.send(event('user.created', 'usr_5', { data: { email: 'five@a.example' } }));
    await started.send(event('group.created', 'grp_5', { data: { name: 'five' } }));
    for (let round = 0; round < 3; round++) {
      await started.send(memberEvent('added', 'grp_5', 'usr_5'));
      expect((await caller())?.groups).toEqual([{ subjectId: 'grp_5', identityId: 'group:five' }]);
      await started.send(memberEvent('removed', 'grp_5', 'usr_5'));
      expect((await caller())?.groups).toEqual([]);
      await started.send(event('user.suspended', 'usr_5'));
      expect((await caller())?.status).toBe('SUSPENDED');
      await started.send(event('user.activated', 'usr_5'));
      expect((await caller())?.status).toBe('ACTIVE');
      expect(await tenant()).toBe('ACTIVE');
      await started.send(partnerEvent('updated', 'ptn_x', { data: { status: 'SUSPENDED' } }));
      expect(await tenant()).toBe('SUSPENDED');
      await started.send(partnerEvent('updated', 'ptn_x', { data: { status: 'ACTIVE' } }));
      expect(await tenant()).toBe('ACTIVE');
    }
    const changedAt = later();
    await started.send(event('user.password_changed', 'usr_5', { timestamp: changedAt }));
    expect((await caller())?.tokensVoidBeforeMs).toBe(Date.parse(changedAt));
    expect(failures).toEqual([]);
  });
});
