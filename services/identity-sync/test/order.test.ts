import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

describeOnEveryWire('repeated and late events', (wire) => {
  let started: StartedIdentitySync;
  beforeAll(async () => {
    started = await startIdentitySync(wire);
    await started.send(tenantEvent('created', 'tnt_a'));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const caller = async (subject: string) =>
    (await started.feed.lookupCaller({ tenantId: 'tnt_a', subject, identityId: 'user:x' })).caller;
  const isMember = async (subject: string) => ((await caller(subject))?.groups.length ?? 0) > 0;
  const named = (email: string) => ({ data: { email: `${email}@a.example`, status: 'ACTIVE' } });

  it('count once by their id, whatever has happened since', async () => {
    const first = event('user.created', 'usr_1', named('first'));
    const answer = await started.send(first);
    expect(answer).toMatchObject({ handled: true, eventId: first.event_id });
    expect(answer.duplicate).toBeUndefined();
    expect(answer.stale).toBeUndefined();
    await started.send(event('user.updated', 'usr_1', named('second')));
    expect(await started.send(first)).toMatchObject({ handled: true, eventId: first.event_id, duplicate: true });
    expect(await caller('usr_1')).toMatchObject({ identityId: 'user:second@a.example' });
    expect(await started.counted('user.created', 'duplicate')).toBe(1);
  });

  it('count once by their id even with another content', async () => {
    const first = event('user.created', 'usr_2', named('first'));
    await started.send(first);
    expect(await started.send({ ...first, tenant_id: 'tnt_b', timestamp: later(), ...named('second') })).toMatchObject({
      duplicate: true,
    });
    expect(await caller('usr_2')).toMatchObject({ identityId: 'user:first@a.example' });
  });

  it('change nothing when the row is newer', async () => {
    const old = later();
    await started.send(event('user.created', 'usr_3', named('new')));
    for (const type of ['user.created', 'user.updated', 'user.activated', 'user.suspended']) {
      const answer = await started.send(event(type, 'usr_3', { timestamp: old, ...named('old') }));
      expect(answer).toMatchObject({ handled: true, stale: true });
      expect(answer.duplicate).toBeUndefined();
    }
    expect(await caller('usr_3')).toMatchObject({ identityId: 'user:new@a.example', status: 'ACTIVE' });
    await started.send(event('group.created', 'grp_3', { data: { name: 'new' } }));
    expect(
      await started.send(event('group.updated', 'grp_3', { timestamp: old, data: { name: 'old' } })),
    ).toMatchObject({ stale: true });
    await started.send(tenantEvent('created', 'tnt_3', { data: { status: 'SUSPENDED' } }));
    expect(
      await started.send(tenantEvent('updated', 'tnt_3', { timestamp: old, data: { status: 'ACTIVE' } })),
    ).toMatchObject({ stale: true });
    expect(await started.feed.lookupTenant({ tenantId: 'tnt_3' })).toMatchObject({ status: 'SUSPENDED' });
    await started.send(partnerEvent('created', 'ptn_3'));
    expect(await started.send(partnerEvent('deleted', 'ptn_3', { timestamp: old }))).toMatchObject({ stale: true });
    expect(await started.counted('user.suspended', 'stale')).toBe(1);
  });

  it('take from a late deletion only what it ended: the memberships before it', async () => {
    const [addedAt, deletedAt] = [later(), later()];
    await started.send(event('user.created', 'usr_31', named('back')));
    await started.send(memberEvent('added', 'grp_31', 'usr_31', { timestamp: addedAt }));
    const answer = await started.send(event('user.deleted', 'usr_31', { timestamp: deletedAt, ...named('old') }));
    expect(answer).toMatchObject({ handled: true });
    expect(answer.stale).toBeUndefined();
    expect(await caller('usr_31')).toMatchObject({ identityId: 'user:back@a.example', status: 'ACTIVE', groups: [] });
  });

  it('do not let an older "added" undo a newer "removed", nor the other way round', async () => {
    const [addedAt, removedAt] = [later(), later()];
    await started.send(memberEvent('removed', 'grp_4', 'usr_4', { timestamp: removedAt }));
    expect(await started.send(memberEvent('added', 'grp_4', 'usr_4', { timestamp: addedAt }))).toMatchObject({
      stale: true,
    });
    expect(await isMember('usr_4')).toBe(false);
    const addedAgain = memberEvent('added', 'grp_4', 'usr_4');
    expect((await started.send(addedAgain)).stale).toBeUndefined();
    expect(await started.send(memberEvent('removed', 'grp_4', 'usr_4', { timestamp: removedAt }))).toMatchObject({
      stale: true,
    });
    expect(await isMember('usr_4')).toBe(true);
  });

  it('do not lose a suspension or a new password that a new name has overtaken', async () => {
    const [suspendedAt, changedAt] = [later(), later()];
    await started.send(event('user.updated', 'usr_5', { data: { email: '5@a.example' } }));
    await started.send(event('user.suspended', 'usr_5', { timestamp: suspendedAt }));
    await started.send(event('user.password_changed', 'usr_5', { timestamp: changedAt }));
    expect(await caller('usr_5')).toMatchObject({
      status: 'SUSPENDED',
      tokensVoidBeforeMicros: micros(changedAt),
    });
  });

  it('of a time far ahead do not shut out those that follow', async () => {
    const ahead = event('user.created', 'usr_6', { timestamp: '2999-01-01T00:00:00Z', ...named('ahead') });
    await started.send(ahead);
    const [row] = await started.db.withScope(
      't:tnt_a' as never,
      (tx) => tx`select profile_time as at from identity where subject_id = 'usr_6'`,
    );
    expect(Number(row?.at) / 1000 - Date.now()).toBeLessThanOrEqual(300_000);
    expect(Number(row?.at) / 1000 - Date.now()).toBeGreaterThan(200_000);
  });

  it('that arrive at the same time change once', async () => {
    const sent = event('user.created', 'usr_7', named('seven'));
    const answers = await Promise.all(Array.from({ length: 8 }, () => started.send(sent)));
    expect(answers.every(({ handled, stale }) => handled && stale === undefined)).toBe(true);
    expect(answers.filter(({ duplicate }) => duplicate === true)).toHaveLength(7);
  });

  it('about one user at the same time end as the newest says', async () => {
    const events = Array.from({ length: 12 }, (_, index) => event('user.updated', 'usr_8', named(`n${index}`)));
    await Promise.all(events.toSorted(() => Math.random() - 0.5).map((each) => started.send(each)));
    expect(await caller('usr_8')).toMatchObject({ identityId: 'user:n11@a.example' });
  });

  it('wait for one that is under way, and are judged by what it has made of the row', async () => {
    await started.send(event('user.created', 'usr_10', named('before')));
    const late = event('user.updated', 'usr_10', named('late'));
    const newerAt = Number(micros(later()));
    const delivery = await started.db.withScope('t:tnt_a' as never, async (tx) => {
      await tx`update identity set identity_id = 'user:newer', email = 'newer', profile_time = ${newerAt},
        status_time = ${newerAt} where subject_id = 'usr_10'`;
      const sent = started.send(late);
      await expect.poll(async () => (await tx`select pid from pg_locks where not granted`).length).toBeGreaterThan(0);
      return { sent };
    });
    expect(await delivery.sent).toMatchObject({ stale: true });
    expect(await caller('usr_10')).toMatchObject({ identityId: 'user:newer' });
  });

  it('about one membership at the same time end as the newest says, without a deadlock', async () => {
    const events = Array.from({ length: 12 }, (_, index) =>
      memberEvent(index % 2 === 0 ? 'added' : 'removed', 'grp_9', 'usr_9'),
    );
    const others = events.flatMap((_, index) => [
      memberEvent('added', `grp_9_${index % 3}`, 'usr_9'),
      event('group.updated', 'grp_9', { data: { name: `nine ${index}` } }),
      event('user.updated', 'usr_9', named(`nine${index}`)),
    ]);
    await Promise.all([...events, ...others].toSorted(() => Math.random() - 0.5).map((each) => started.send(each)));
    const groups = (await caller('usr_9'))?.groups.map(({ subjectId }) => subjectId);
    expect(groups).toEqual(['grp_9_0', 'grp_9_1', 'grp_9_2']);
  });
});
