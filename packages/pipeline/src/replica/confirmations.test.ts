import type { ScopeId } from '@scaivault/tenancy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watch } from '../../test/replicas/watch.ts';
import { createMemoryRevisionLog } from './memory-revision-log.ts';
import { createRevisionFeed } from './revision-feed.ts';

const leaseMs = 5_000;
const scope = (name: string): ScopeId => name as ScopeId;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a change that waits for a confirmation', () => {
  it('hears of a confirmation that comes to itself before its log has noted it, when it is of the same numbers', async () => {
    const log = createMemoryRevisionLog();
    const owner = createRevisionFeed({
      leaseMs,
      log: {
        ...log,
        confirm: () => new Promise(() => {}),
        renew: (follower, most) => log.renew({ ...follower, confirmed: 0 }, most),
      },
    });
    const { epoch, revision } = await owner.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: '' });
    const published = watch(owner.publish([scope('t:a')]));
    await pass(0);
    void owner.follow({ followerId: 'a', epoch: 'another', confirmed: revision + 1n, heeds: '' });
    await pass(0);
    expect(published.settled).toBe(false);
    void owner.follow({ followerId: 'a', epoch, confirmed: revision + 1n, heeds: '' });
    await pass(0);
    expect(published.settled).toBe(true);
    await owner.close();
  });

  it('has heard of a confirmation that comes with a renewal before that is on the disk', async () => {
    const log = createMemoryRevisionLog();
    let isSlow = false;
    const renew: typeof log.renew = (...asked) => (isSlow ? new Promise(() => {}) : log.renew(...asked));
    const [one, two] = [createRevisionFeed({ leaseMs, log }), createRevisionFeed({ leaseMs, log: { ...log, renew } })];
    const { epoch, revision } = await two.follow({ followerId: 'a', epoch: '', confirmed: 0n, heeds: '' });
    await pass(leaseMs / 5);
    isSlow = true;
    const published = watch(one.publish([scope('t:a')]));
    await pass(0);
    expect(published.settled).toBe(false);
    void two.follow({ followerId: 'a', epoch, confirmed: revision + 1n, heeds: '' });
    await pass(0);
    expect(published.settled).toBe(true);
    await one.close();
    await two.close();
  });
});
