import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  event,
  later,
  memberEvent,
  micros,
  partnerEvent,
  type StartedIdentitySync,
  startIdentitySync,
  tenantEvent,
} from './start-identity-sync.ts';

describeOnEveryWire('events of ScaiKey', (wire) => {
  let started: StartedIdentitySync;
  beforeAll(async () => {
    started = await startIdentitySync(wire);
    await started.send(tenantEvent('created', 'tnt_a', { data: { partner_id: 'ptn_x', name: 'A', slug: 'a' } }));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const tenant = (tenantId: string) => started.feed.lookupTenant({ tenantId });
  const caller = async (subject: string, identityId = 'user:claimed@a.example') =>
    (await started.feed.lookupCaller({ tenantId: 'tnt_a', subject, identityId })).caller;
  const groupsOf = async (subject: string) => (await caller(subject))?.groups.map(({ identityId }) => identityId);
  const person = (id: string, more: object = {}) => ({
    data: { id, type: 'user', email: `${id}@a.example`, first_name: 'Ada', last_name: 'Byron', ...more },
  });

  describe('about partners and tenants', () => {
    it('open a tenant, suspend it, open it again and delete it', async () => {
      expect(await tenant('tnt_1')).toMatchObject({ found: false });
      expect(await started.send(tenantEvent('created', 'tnt_1', { data: { partner_id: 'ptn_x' } }))).toMatchObject({
        handled: true,
      });
      expect(await tenant('tnt_1')).toMatchObject({ found: true, partnerId: 'ptn_x', status: 'ACTIVE' });
      await started.send(tenantEvent('updated', 'tnt_1', { data: { status: 'SUSPENDED' } }));
      expect(await tenant('tnt_1')).toMatchObject({ status: 'SUSPENDED', partnerId: 'ptn_x' });
      await started.send(tenantEvent('updated', 'tnt_1', { data: { status: 'ACTIVE', partner_id: 'ptn_x' } }));
      expect(await tenant('tnt_1')).toMatchObject({ status: 'ACTIVE' });
      await started.send(tenantEvent('deleted', 'tnt_1'));
      expect(await tenant('tnt_1')).toMatchObject({ found: true, status: 'DELETED', partnerId: 'ptn_x' });
    });

    it('suspend and delete all tenants of a partner, and no other', async () => {
      for (const id of ['tnt_p1', 'tnt_p2']) await started.send(tenantEvent('created', id, { partner_id: 'ptn_p' }));
      await started.send(tenantEvent('created', 'tnt_q', { partner_id: 'ptn_q' }));
      await started.send(tenantEvent('deleted', 'tnt_p2', { partner_id: 'ptn_p' }));
      const states = async () =>
        (await Promise.all(['tnt_p1', 'tnt_p2', 'tnt_q'].map(tenant))).map(({ status }) => status);

      await started.send(partnerEvent('created', 'ptn_p', { data: { name: 'P', slug: 'p', region: 'eu' } }));
      expect(await states()).toEqual(['ACTIVE', 'DELETED', 'ACTIVE']);
      await started.send(partnerEvent('updated', 'ptn_p', { data: { status: 'SUSPENDED' } }));
      expect(await states()).toEqual(['SUSPENDED', 'DELETED', 'ACTIVE']);
      await started.send(partnerEvent('updated', 'ptn_p', { data: { status: 'ACTIVE' } }));
      expect(await states()).toEqual(['ACTIVE', 'DELETED', 'ACTIVE']);
      await started.send(partnerEvent('deleted', 'ptn_p'));
      expect(await states()).toEqual(['DELETED', 'DELETED', 'ACTIVE']);
    });

    it('hold for tenants that come after the partner was suspended', async () => {
      await started.send(partnerEvent('created', 'ptn_s', { data: { status: 'SUSPENDED' } }));
      await started.send(tenantEvent('created', 'tnt_s', { partner_id: 'ptn_s' }));
      expect(await tenant('tnt_s')).toMatchObject({ status: 'SUSPENDED' });
    });

    it('leave a tenant unfound whose partner nobody has named', async () => {
      await started.send(tenantEvent('updated', 'tnt_u', { partner_id: null, data: { name: 'U' } }));
      expect(await tenant('tnt_u')).toMatchObject({ found: false });
      await started.send(tenantEvent('updated', 'tnt_u'));
      expect(await tenant('tnt_u')).toMatchObject({ found: true, partnerId: 'ptn_x' });
    });
  });

  describe('about users', () => {
    it('make one with name, roles and state, and change each', async () => {
      await started.send(event('user.created', 'usr_1', person('usr_1', { roles: ['tenant_admin'] })));
      expect(await caller('usr_1')).toMatchObject({
        subjectId: 'usr_1',
        identityType: 'user',
        identityId: 'user:usr_1@a.example',
        displayName: 'Ada Byron',
        status: 'ACTIVE',
        roles: ['tenant_admin'],
        groups: [],
      });
      await started.send(event('user.updated', 'usr_1', { data: { email: 'new@a.example', roles: [] } }));
      expect(await caller('usr_1')).toMatchObject({
        identityId: 'user:new@a.example',
        displayName: 'Ada Byron',
        roles: [],
        status: 'ACTIVE',
      });
    });

    it('suspend one, let him in again, and delete him', async () => {
      await started.send(event('user.created', 'usr_2', person('usr_2')));
      await started.send(event('user.suspended', 'usr_2'));
      expect(await caller('usr_2')).toMatchObject({ status: 'SUSPENDED', identityId: 'user:usr_2@a.example' });
      await started.send(event('user.updated', 'usr_2', { data: { first_name: 'Bob', last_name: null } }));
      expect(await caller('usr_2')).toMatchObject({ status: 'SUSPENDED', displayName: 'Bob' });
      await started.send(event('user.activated', 'usr_2', person('usr_2')));
      expect(await caller('usr_2')).toMatchObject({ status: 'ACTIVE' });
      await started.send(event('user.deleted', 'usr_2'));
      expect(await caller('usr_2')).toMatchObject({ status: 'DELETED' });
    });

    it('suspend one whom the mirror has not seen', async () => {
      await started.send(event('user.suspended', 'usr_3'));
      expect(await caller('usr_3')).toMatchObject({ status: 'SUSPENDED', identityId: 'user:claimed@a.example' });
    });

    it('void tokens with a new password, and second factors when they are switched off', async () => {
      await started.send(event('user.created', 'usr_4', person('usr_4', { mfa_enabled: false })));
      expect((await caller('usr_4'))?.tokensVoidBeforeMicros).toBeUndefined();
      const changedAt = later();
      await started.send(event('user.password_changed', 'usr_4', { timestamp: changedAt }));
      expect((await caller('usr_4'))?.tokensVoidBeforeMicros).toBe(micros(changedAt));
      await started.send(event('user.mfa_enabled', 'usr_4'));
      expect((await caller('usr_4'))?.mfaVoidBeforeMicros).toBeUndefined();
      const disabledAt = later();
      await started.send(event('user.mfa_disabled', 'usr_4', { timestamp: disabledAt }));
      expect(await caller('usr_4')).toMatchObject({
        mfaVoidBeforeMicros: micros(disabledAt),
        tokensVoidBeforeMicros: micros(changedAt),
      });
    });

    it('keep whether a second factor is on', async () => {
      const isEnabled = () =>
        started.db.withScope('t:tnt_a' as never, async (tx) => {
          const [row] = await tx`select mfa_enabled as "isEnabled" from identity where subject_id = 'usr_5'`;
          return row?.isEnabled;
        });
      await started.send(event('user.created', 'usr_5', person('usr_5', { mfa_enabled: true })));
      expect(await isEnabled()).toBe(true);
      await started.send(event('user.mfa_disabled', 'usr_5'));
      expect(await isEnabled()).toBe(false);
      await started.send(event('user.mfa_enabled', 'usr_5'));
      expect(await isEnabled()).toBe(true);
    });

    it('make service accounts, named by their name', async () => {
      await started.send(event('user.created', 'sa_1', { data: { type: 'service_account', name: 'ci', email: null } }));
      expect(await caller('sa_1')).toMatchObject({
        identityType: 'service_account',
        identityId: 'sa:ci',
        displayName: 'ci',
      });
    });
  });

  describe('about groups', () => {
    const spellings = [
      ['group.member.added', 'group.member.removed'],
      ['group.member_added', 'group.member_removed'],
      ['group_membership.added', 'group_membership.removed'],
    ] as const;

    it.each(spellings)('add and remove members, spelled %s and %s', async (added, removed) => {
      const [user, group] = [`usr_${added}`, `grp_${added}`];
      const data = { group_id: group, user_id: user };
      await started.send(event('user.created', user, person(user)));
      await started.send(event('group.created', group, { data: { name: `of ${added}` } }));
      await started.send(event(added, group, { resource: { type: 'group', id: group }, data }));
      expect((await caller(user))?.groups).toMatchObject([{ subjectId: group, identityId: `group:of ${added}` }]);
      await started.send(event(removed, group, { resource: { type: 'group', id: group }, data }));
      expect(await groupsOf(user)).toEqual([]);
    });

    it('rename a group, and delete it with its memberships', async () => {
      await started.send(event('user.created', 'usr_g', person('usr_g')));
      await started.send(event('group.created', 'grp_g', { data: { name: 'before' } }));
      const joinedAt = later();
      await started.send(memberEvent('added', 'grp_g', 'usr_g', { timestamp: joinedAt }));
      await started.send(event('group.updated', 'grp_g', { data: { name: 'after' } }));
      expect(await groupsOf('usr_g')).toEqual(['group:after']);
      await started.send(event('group.deleted', 'grp_g'));
      expect(await groupsOf('usr_g')).toEqual([]);
      await started.send(event('group.created', 'grp_g', { data: { name: 'again' } }));
      expect(await groupsOf('usr_g')).toEqual([]);
      await started.send(memberEvent('added', 'grp_g', 'usr_g'));
      expect(await groupsOf('usr_g')).toEqual(['group:again']);
    });

    it('end with the user’s deletion, and do not come back with the user', async () => {
      await started.send(event('user.created', 'usr_h', person('usr_h')));
      await started.send(event('group.created', 'grp_h', { data: { name: 'h' } }));
      const late = memberEvent('added', 'grp_late', 'usr_h');
      await started.send(memberEvent('added', 'grp_h', 'usr_h'));
      await started.send(event('user.deleted', 'usr_h'));
      await started.send(late);
      await started.send(event('user.activated', 'usr_h', person('usr_h')));
      expect(await caller('usr_h')).toMatchObject({ status: 'ACTIVE', groups: [] });
    });

    it('make stubs of whom they name first, filled by the events that follow', async () => {
      await started.send(memberEvent('added', 'grp_stub', 'usr_stub'));
      expect(await caller('usr_stub')).toMatchObject({
        identityId: 'user:claimed@a.example',
        identityType: 'user',
        groups: [{ subjectId: 'grp_stub', identityId: '' }],
      });
      expect(await caller('usr_stub', 'sa:ci')).toMatchObject({
        identityId: 'sa:ci',
        identityType: 'service_account',
        subjectId: 'usr_stub',
      });
      await started.send(event('user.created', 'usr_stub', person('usr_stub')));
      await started.send(event('group.created', 'grp_stub', { data: { name: 'stub' } }));
      expect(await caller('usr_stub')).toMatchObject({
        identityId: 'user:usr_stub@a.example',
        groups: [{ subjectId: 'grp_stub', identityId: 'group:stub' }],
      });
    });
  });

  it('of other types are taken and do nothing', async () => {
    for (const type of ['auth.login', 'session.created', 'application.user_assigned', 'registration.completed']) {
      const sent = event(type, 'usr_1');
      const answer = await started.send(sent);
      expect(answer).toMatchObject({ handled: false, eventId: sent.event_id });
      expect(answer.duplicate).toBeUndefined();
      expect(await started.send(sent)).toMatchObject({ handled: false });
    }
    expect(await started.counted('other', 'ignored')).toBe(8);
  });
});
