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

describe('createRevisionFeed lets a follower go', () => {
  const leave = (followerId: string) => feed.follow({ followerId, epoch: '', confirmed: 0n, heeds: '', leaves: true });

  it('at once, together with the changes that waited for it', async () => {
    await join('a');
    const published = watch(feed.publish([scope('t:a')]));
    await pass(100);
    expect(published.settled).toBe(false);
    expect(await leave('a')).toMatchObject({ leaseMs: 0, changedScopes: [] });
    await pass(0);
    expect(published.settled).toBe(true);
    const later = watch(feed.publish([scope('t:a')]));
    await pass(0);
    expect(later.settled).toBe(true);
  });

  it('and goes on waiting for the others', async () => {
    for (const id of ['a', 'b']) await join(id);
    const published = watch(feed.publish([scope('t:a')]));
    await leave('a');
    await pass(100);
    expect(published.settled).toBe(false);
    await leave('b');
    await pass(0);
    expect(published.settled).toBe(true);
  });

  it('for good: what it had asked before and comes late does not bring it back', async () => {
    const first = await join('a');
    await leave('a');
    await leave('never seen');
    for (const late of [() => join('a'), () => follow('a', first), () => join('never seen')]) {
      void late();
      await pass(0);
      const published = watch(feed.publish([scope('t:a')]));
      await pass(0);
      expect(published.settled).toBe(true);
    }
  });

  it('and forgets it when its lease would be over', async () => {
    const log = createMemoryRevisionLog();
    const owner = createRevisionFeed({ leaseMs, log });
    await owner.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: '', leaves: true });
    await owner.sweep();
    await pass(leaseMs - 1);
    await owner.sweep();
    expect(await log.followers()).toHaveLength(1);
    await pass(1);
    await owner.sweep();
    expect(await log.followers()).toEqual([]);
    await owner.close();
  });

  it('before it stops itself: as long as somebody follows, but not for those who are named, nor longer than it may', async () => {
    const joinAs = (followerId: string, peer: string) =>
      feed.follow({ followerId, epoch: '', confirmed: 0n, heeds: '' }, peer);
    await joinAs('a', 'secrets');
    await joinAs('b', 'policy');
    const alone = watch(feed.untilLeft(1_000, ['policy']));
    const all = watch(feed.untilLeft(1_000, []));
    await pass(500);
    expect([alone.settled, all.settled]).toEqual([false, false]);
    await leave('a');
    await pass(0);
    expect([alone.settled, all.settled]).toEqual([true, false]);
    await pass(500);
    expect(all.settled).toBe(true);
  });
});
