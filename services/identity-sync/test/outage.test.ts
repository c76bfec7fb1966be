import { describeOnEveryWire } from '@scaivault/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { event, type StartedIdentitySync, startIdentitySync, tenantEvent } from './start-identity-sync.ts';

describeOnEveryWire('an outage of the database', (wire) => {
  let started: StartedIdentitySync;
  beforeEach(async () => {
    started = await startIdentitySync(wire);
    await started.send(tenantEvent('created', 'tnt_a'));
  });
  afterEach(() => started[Symbol.asyncDispose]());

  const unavailable = { code: 'service_unavailable' };
  const isKnown = async (subject: string) =>
    (await started.feed.lookupCaller({ tenantId: 'tnt_a', subject, identityId: 'user:x' })).found;

  it('is 503 to the sender, whose next try is taken', async () => {
    const sent = event('user.created', 'usr_1', { data: { email: '1@a.example' } });
    started.proxy.down();
    await expect(started.send(sent)).rejects.toMatchObject(unavailable);
    await expect(started.send(tenantEvent('updated', 'tnt_a'))).rejects.toMatchObject(unavailable);
    await expect(isKnown('usr_1')).rejects.toMatchObject(unavailable);
    await expect(started.feed.lookupTenant({ tenantId: 'tnt_a' })).rejects.toMatchObject(unavailable);
    await expect(started.vault.module.checks.database?.()).rejects.toMatchObject(unavailable);
    started.proxy.up();
    const accepted = () => started.send(sent).catch(() => undefined);
    await expect.poll(accepted, { timeout: 5_000 }).toMatchObject({ handled: true });
    expect(await isKnown('usr_1')).toBe(true);
    expect(await started.counted('user.created', 'service_unavailable')).toBeGreaterThan(0);
  });

  it('that swallows the answer to a commit tells the followers, and the next try is a duplicate', async () => {
    const follow = (epoch: string, confirmed: bigint) =>
      started.feed.followIdentityRevisions({ followerId: 'f', epoch, confirmed });
    const { epoch, revision } = await follow('', 0n);
    const news = (async () => {
      let heard = await follow(epoch, revision);
      for (let tries = 0; tries < 20 && heard.revision === revision; tries++) heard = await follow(epoch, revision);
      return heard;
    })();
    const sent = event('user.suspended', 'usr_2');
    started.proxy.cutAtCommit();
    const delivery = expect(started.send(sent)).rejects.toMatchObject(unavailable);
    const heard = await news;
    expect(heard.changedScopes).toEqual(['t:tnt_a']);
    const next = follow(epoch, heard.revision);
    await delivery;
    await next;
    expect(await isKnown('usr_2')).toBe(true);
    expect(await started.send(sent)).toMatchObject({ handled: true, duplicate: true });
  });

  it('inside an event leaves nothing of it behind, its id included', async () => {
    const sent = event('user.created', 'usr_3', { data: { email: '3@a.example' } });
    await started.db.sql`insert into webhook_event (event_id, received_at) values ('evt_other', now())`;
    const blocker = started.db.transaction(async (tx) => {
      // Holds the event's id, so that the delivery waits in its first statement.
      await tx`insert into webhook_event (event_id, received_at) values (${sent.event_id}, now())`;
      const delivery = started.send(sent).catch((error: unknown) => error);
      await expect.poll(async () => (await tx`select pid from pg_locks where not granted`).length).toBeGreaterThan(0);
      started.proxy.down();
      expect(await delivery).toMatchObject(unavailable);
      throw new Error('rolled back');
    });
    await expect(blocker).rejects.toThrow('rolled back');
    started.proxy.up();
    await expect.poll(() => isKnown('usr_3').catch(() => undefined)).toBe(false);
    const answer = await started.send(sent);
    expect(answer).toMatchObject({ handled: true });
    expect(answer.duplicate).toBeUndefined();
  });
});
