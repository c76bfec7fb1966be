import type { ScopeId } from '@scaivault/tenancy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watch } from '../../test/replicas/watch.ts';
import { createMemoryRevisionLog } from './memory-revision-log.ts';
import { createRevisionFeed, type FollowAnswer, type RevisionFeed } from './revision-feed.ts';

const leaseMs = 5_000;
const scope = (name: string): ScopeId => name as ScopeId;
let feed: RevisionFeed;

beforeEach(() => {
  vi.useFakeTimers();
  feed = createRevisionFeed({ leaseMs });
});
afterEach(async () => {
  await feed.close();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const join = (followerId: string): Promise<FollowAnswer> =>
  feed.follow({ followerId, epoch: '', confirmed: 0n, heeds: '' });
const follow = (followerId: string, { epoch, revision }: FollowAnswer): Promise<FollowAnswer> =>
  feed.follow({ followerId, epoch, confirmed: revision, heeds: '' });

describe('createRevisionFeed', () => {
  it('tells a newcomer to drop everything, and names epoch, revision and lease', async () => {
    const first = await join('a');
    expect(first).toMatchObject({ reset: true, changedScopes: [], leaseMs });
    const other = createRevisionFeed({ leaseMs });
    expect((await other.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: '' })).epoch).not.toBe(first.epoch);
  });

  it('answers a follower that is up to date after a fifth of the lease, with nothing', async () => {
    const first = await join('a');
    const next = follow('a', first);
    const state = watch(next);
    await pass(leaseMs / 5 - 1);
    expect(state.settled).toBe(false);
    await pass(1);
    expect(await next).toMatchObject({ reset: false, changedScopes: [], revision: first.revision });
  });

  it('names what has changed, each scope once, as soon as it has', async () => {
    const first = await join('a');
    const next = follow('a', first);
    void feed.publish([scope('t:a'), scope('p:x')]);
    void feed.publish([scope('t:a')]);
    expect(await next).toMatchObject({ changedScopes: ['t:a', 'p:x'], reset: false });
  });

  it('answers a change only when every follower has confirmed it', async () => {
    const [a, b] = [await join('a'), await join('b')];
    const [nextA, nextB] = [follow('a', a), follow('b', b)];
    const published = watch(feed.publish([scope('t:a')]));
    const [newsA, newsB] = [await nextA, await nextB];
    await pass(0);
    expect(published.settled).toBe(false);
    void follow('a', newsA);
    await pass(0);
    expect(published.settled).toBe(false);
    void follow('b', newsB);
    await pass(0);
    expect(published.settled).toBe(true);
  });

  it('neither tells a follower of what it does not heed nor waits for it', async () => {
    const first = await feed.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: 'l:' });
    const place = { followerId: 'a', epoch: first.epoch, heeds: 'l:' };
    const next = feed.follow({ ...place, confirmed: first.revision });
    const state = watch(next);
    const other = watch(feed.publish([scope('t:a')]));
    await pass(0);
    expect([state.settled, other.settled]).toEqual([false, true]);
    const own = watch(feed.publish([scope('l:a')]));
    expect(await next).toMatchObject({ changedScopes: ['l:a'], revision: first.revision + 2n });
    expect(own.settled).toBe(false);
    const calm = feed.follow({ ...place, confirmed: first.revision + 2n });
    await pass(0);
    expect(own.settled).toBe(true);
    void feed.publish([scope('t:a')]);
    await pass(leaseMs / 5);
    expect(await calm).toMatchObject({ changedScopes: [], reset: false, revision: first.revision + 3n });
  });

  it('waits for a follower that lags behind all that is remembered, whatever it heeds', async () => {
    const log = createMemoryRevisionLog();
    const forgetful = createRevisionFeed({ leaseMs, log });
    await forgetful.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: 'l:' });
    for (const name of ['l:a', 't:a', 't:b']) await log.note([name]);
    await log.trim(1);
    const published = watch(forgetful.publish([scope('t:c')]));
    await pass(leaseMs - 1);
    expect(published.settled).toBe(false);
    await pass(1);
    expect(published.settled).toBe(true);
    await forgetful.close();
  });

  it('is not satisfied by the confirmation of an earlier revision', async () => {
    const first = await join('a');
    void follow('a', first);
    const one = watch(feed.publish([scope('t:a')]));
    await pass(0);
    const two = watch(feed.publish([scope('t:b')]));
    void feed.follow({ followerId: 'a', epoch: first.epoch, confirmed: first.revision + 1n, heeds: '' });
    await pass(0);
    expect([one.settled, two.settled]).toEqual([true, false]);
  });

  it('waits for a follower that says nothing as long as a lease lasts, and the next change not at all', async () => {
    await join('a');
    await pass(1_000);
    const published = watch(feed.publish([scope('t:a')]));
    await pass(leaseMs - 1);
    expect(published.settled).toBe(false);
    await pass(1);
    expect(published.settled).toBe(true);
    const later = watch(feed.publish([scope('t:a')]));
    await pass(0);
    expect(later.settled).toBe(true);
  });

  it('waits for a newcomer, too, until it has confirmed', async () => {
    const first = await join('a');
    const published = watch(feed.publish([scope('t:a')]));
    await pass(0);
    expect(published.settled).toBe(false);
    const news = await follow('a', first);
    void follow('a', news);
    await pass(0);
    expect(published.settled).toBe(true);
  });

  it('waits for nobody where nobody follows', async () => {
    const published = watch(feed.publish([scope('t:a')]));
    await pass(0);
    expect(published.settled).toBe(true);
  });

  it('resets a follower of another epoch, and does not take its confirmation for its own', async () => {
    const published = watch(feed.publish([scope('t:a')]));
    await pass(0);
    expect(published.settled).toBe(true);
    const answer = await feed.follow({ followerId: 'a', epoch: 'earlier life', confirmed: 99n, heeds: '' });
    expect(answer.reset).toBe(true);
    const next = watch(feed.publish([scope('t:a')]));
    await pass(0);
    expect(next.settled).toBe(false);
  });

  it('never leaves a change half told to a follower that lags: all of it, or a reset', async () => {
    const first = await join('a');
    let revision = first.revision;
    const told = new Map<bigint, string[]>();
    for (let i = 0; i < 4_000; i++) {
      const scopes = ['x', 'y', 'z'].map((part) => `${part}:${i}`);
      void feed.publish(scopes.map(scope));
      revision += 1n;
      told.set(revision, scopes);
    }
    for (const behind of [1n, 3_332n, 3_333n, 3_334n, 3_335n, 4_000n]) {
      const since = revision - behind;
      const answer = await feed.follow({ followerId: 'a', epoch: first.epoch, confirmed: since, heeds: '' });
      const wanted = [...told].filter(([at]) => at > since).flatMap(([, scopes]) => scopes);
      expect(answer.reset || wanted.every((name) => answer.changedScopes.includes(name))).toBe(true);
      expect(answer.reset).toBe(behind > 3_333n);
    }
  });

  it('answers its followers when it closes, and still holds changes until they are in force', async () => {
    const first = await join('a');
    const waiting = watch(follow('a', first));
    await pass(0);
    const published = watch(feed.publish([scope('t:a')]));
    await feed.close();
    await pass(0);
    expect([waiting.settled, published.settled]).toEqual([true, false]);
    await pass(leaseMs);
    expect(published.settled).toBe(true);
  });

  it('notes the lease before it looks for news, so that a change finds the one or is found by the other', async () => {
    const log = createMemoryRevisionLog();
    let published: { settled: boolean } | undefined;
    const between = createRevisionFeed({
      leaseMs,
      log: {
        ...log,
        renew: async (...asked) => {
          const news = await log.renew(...asked);
          // The change is committed after the look and before its answer.
          published ??= watch(between.publish([scope('t:a')]));
          await pass(0);
          return news;
        },
      },
    });
    await between.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: '' });
    await pass(0);
    expect(published?.settled).toBe(false);
    await between.close();
  });

  it('serves the followers of several owners on one log', async () => {
    const log = createMemoryRevisionLog();
    const [one, two] = [createRevisionFeed({ leaseMs, log }), createRevisionFeed({ leaseMs, log })];
    const first = await two.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: '' });
    const confirmed = { followerId: 'a', epoch: first.epoch, confirmed: first.revision, heeds: '' };
    const next = two.follow(confirmed);
    const published = watch(one.publish([scope('t:a')]));
    expect(await next).toMatchObject({ changedScopes: ['t:a'], epoch: first.epoch });
    expect(published.settled).toBe(false);
    void two.follow({ ...confirmed, confirmed: first.revision + 1n, heeds: '' });
    await pass(0);
    expect(published.settled).toBe(true);
    await one.close();
    await two.close();
  });

  it('lets no later change wait for followers that have been silent for as long as their lease', async () => {
    await join('gone');
    const other = await join('here');
    await feed.sweep();
    await pass(leaseMs);
    void follow('here', other);
    await feed.sweep();
    const published = watch(feed.publish([scope('t:a')]));
    await pass(0);
    expect(published.settled).toBe(false);
    void feed.follow({ followerId: 'here', epoch: other.epoch, confirmed: other.revision + 1n, heeds: '' });
    await pass(0);
    expect(published.settled).toBe(true);
  });

  it('strikes nobody out before that', async () => {
    await join('a');
    await feed.sweep();
    await pass(leaseMs - 1);
    await feed.sweep();
    const published = watch(feed.publish([scope('t:a')]));
    await pass(0);
    expect(published.settled).toBe(false);
  });

  it('refuses when the log is away, and waits for the leases when it goes away while waiting', async () => {
    const log = createMemoryRevisionLog();
    let away = false;
    const unless =
      <Args extends unknown[], Value>(call: (...args: Args) => Promise<Value>) =>
      async (...args: Args): Promise<Value> => {
        if (away) throw new Error('away');
        return await call(...args);
      };
    const fragile = createRevisionFeed({
      leaseMs,
      log: {
        ...log,
        renew: unless(log.renew),
        confirm: unless(log.confirm),
        findLate: unless(log.findLate),
        followers: unless(log.followers),
        forget: unless(log.forget),
      },
    });
    await fragile.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: '' });
    const published = watch(fragile.publish([scope('t:a')]));
    await pass(0);
    away = true;
    await expect(fragile.publish([scope('t:b')])).rejects.toThrow('away');
    await expect(fragile.follow({ followerId: 'b', epoch: '', confirmed: 0n, heeds: '' })).rejects.toThrow('away');
    await pass(leaseMs - 1);
    expect(published.settled).toBe(false);
    await pass(1);
    expect(published.settled).toBe(true);
    await fragile.close();
  });

  it('gives a follower that only confirms no more than is left of its lease, and renews it when an idle one would be', async () => {
    const log = createMemoryRevisionLog();
    const noted: string[] = [];
    const noting =
      (name: 'renew' | 'confirm') =>
      (...asked: Parameters<typeof log.renew>) => {
        noted.push(name);
        return log[name](...asked);
      };
    const owner = createRevisionFeed({ leaseMs, log: { ...log, renew: noting('renew'), confirm: noting('confirm') } });
    let { epoch, revision } = await owner.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: '' });
    for (const elapsed of [0, 300, 600]) {
      const next = owner.follow({ followerId: 'a', epoch, confirmed: revision, heeds: '' });
      await pass(300);
      const published = watch(owner.publish([scope('t:a')]));
      const news = await next;
      expect(news).toMatchObject({ changedScopes: ['t:a'], leaseMs: leaseMs - elapsed });
      ({ epoch, revision } = news);
      expect(published.settled).toBe(false);
    }
    const idle = owner.follow({ followerId: 'a', epoch, confirmed: revision, heeds: '' });
    await pass(leaseMs / 5 - 900);
    expect(await idle).toMatchObject({ changedScopes: [], leaseMs: leaseMs - 900 });
    void owner.follow({ followerId: 'a', epoch, confirmed: revision, heeds: '' });
    await pass(0);
    expect(noted).toEqual(['renew', 'confirm', 'confirm', 'confirm', 'confirm', 'renew']);
    await owner.close();
  });

  it('takes the confirmations of those who were told the same in one go', async () => {
    const log = createMemoryRevisionLog();
    const confirmed: string[] = [];
    const owner = createRevisionFeed({
      leaseMs,
      log: {
        ...log,
        confirm: (follower, most) => {
          confirmed.push(follower.id);
          return log.confirm(follower, most);
        },
      },
    });
    const first = new Map<string, FollowAnswer>();
    for (const id of ['a', 'b'])
      first.set(id, await owner.follow({ followerId: id, epoch: '', confirmed: 0n, heeds: '' }));
    const again = (followerId: string, { epoch, revision }: FollowAnswer) =>
      owner.follow({ followerId, epoch, confirmed: revision, heeds: '' });
    const waiting = [...first].map(([id, answer]) => again(id, answer));
    await pass(0);
    const published = watch(owner.publish([scope('t:a')]));
    const [newsA, newsB] = (await Promise.all(waiting)) as [FollowAnswer, FollowAnswer];
    confirmed.length = 0;
    void again('a', newsA);
    await pass(9);
    expect(confirmed).toEqual([]);
    void again('b', newsB);
    await pass(0);
    expect(confirmed).toEqual(['a', 'b']);
    expect(published.settled).toBe(true);
    await owner.close();
  });

  it('hears of nothing from its log and still looks: for confirmations each tenth of a second, for news with each request', async () => {
    const log = createMemoryRevisionLog();
    const deaf = { ...log, listen: () => ({ close: () => Promise.resolve() }) };
    const [one, two] = [createRevisionFeed({ leaseMs, log: deaf }), createRevisionFeed({ leaseMs, log: deaf })];
    const { epoch, revision } = await two.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: '' });
    const next = two.follow({ followerId: 'a', epoch, confirmed: revision, heeds: '' });
    await pass(0);
    const published = watch(one.publish([scope('t:a')]));
    await pass(leaseMs / 5);
    expect(await next).toMatchObject({ changedScopes: [], revision });
    const after = two.follow({ followerId: 'a', epoch, confirmed: revision, heeds: '' });
    expect(await after).toMatchObject({ changedScopes: ['t:a'], revision: revision + 1n });
    void two.follow({ followerId: 'a', epoch, confirmed: revision + 1n, heeds: '' });
    await pass(100);
    expect(published.settled).toBe(true);
    await one.close();
    await two.close();
  });
});
