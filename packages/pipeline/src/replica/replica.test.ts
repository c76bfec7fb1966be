import type { ScopeId } from '@scaivault/tenancy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createReplica, type Replica } from './replica.ts';
import type { FollowAnswer, FollowRequest } from './revision-feed.ts';

interface Value {
  readonly text: string;
}

/** An owner played by hand: each follow call waits for its answer, each fetch for its value. */
const stage = (max = 100) => {
  const follows: {
    request: FollowRequest;
    timeoutMs: number;
    reply: (a: Partial<FollowAnswer>) => void;
    fail: () => void;
  }[] = [];
  const fetches: { key: string; reply: (text: string) => void; fail: () => void }[] = [];
  const failures: unknown[] = [];
  const replica: Replica<Value> = createReplica<Value>({
    name: 'access policies',
    max,
    maxStalenessMs: 5_000,
    onFailure: (error) => failures.push(error),
    scopesOf: (key) => key.split('+') as unknown as ScopeId[],
    fetch: (key) =>
      new Promise((resolve, reject) => {
        fetches.push({ key, reply: (text) => resolve({ text }), fail: () => reject(new Error('fetch failed')) });
      }),
    follow: (request, timeoutMs) =>
      new Promise((resolve, reject) => {
        const usual = { epoch: 'one', revision: 1n, changedScopes: [], reset: false, leaseMs: 5_000 };
        const reply = (answer: Partial<FollowAnswer>): void => resolve({ ...usual, ...answer });
        follows.push({ request, timeoutMs, reply, fail: () => reject(new Error('away')) });
      }),
  });
  return { replica, follows, fetches, failures };
};

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('createReplica', () => {
  let open: ReturnType<typeof stage>;
  const answer = async (reply: Partial<FollowAnswer> = {}): Promise<void> => {
    open.follows.at(-1)?.reply(reply);
    await pass(0);
  };
  const begin = async (): Promise<void> => {
    const started = open.replica.start();
    await answer();
    await started;
  };
  /** Fetches a key and answers at once. */
  const load = async (key: string, text: string): Promise<void> => {
    const value = open.replica.get(key);
    expect(value).toBeInstanceOf(Promise);
    open.fetches.at(-1)?.reply(text);
    expect(await value).toEqual({ text });
  };
  const cached = (key: string): string | undefined => {
    const value = open.replica.get(key);
    return value instanceof Promise ? undefined : value.text;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    open = stage();
  });
  afterEach(() => {
    void open.replica.stop();
    vi.useRealTimers();
  });

  it('decides nothing before its first lease', async () => {
    expect(() => open.replica.get('t:a')).toThrowError(
      expect.objectContaining({ code: 'service_unavailable', retryAfterSeconds: 1 }),
    );
    await expect(open.replica.check()).rejects.toMatchObject({ code: 'service_unavailable' });
    await begin();
    await load('t:a', 'one');
    await expect(open.replica.check()).resolves.toBeUndefined();
  });

  it('starts as soon as the owner is there', async () => {
    const started = open.replica.start();
    open.follows.at(-1)?.fail();
    await pass(100);
    expect(open.follows).toHaveLength(2);
    await answer();
    await started;
  });

  it('fetches a key once for all who ask, and then answers from memory', async () => {
    await begin();
    const both = Promise.all([open.replica.get('t:a'), open.replica.get('t:a')]);
    open.fetches[0]?.reply('one');
    expect(await both).toEqual([{ text: 'one' }, { text: 'one' }]);
    expect(cached('t:a')).toBe('one');
    expect(open.fetches).toHaveLength(1);
  });

  it('drops what a notice names, by any of its scopes, and nothing else', async () => {
    await begin();
    await load('t:a+p:x', 'a');
    await load('t:b+p:x', 'b');
    await load('t:c+p:y', 'c');
    await answer({ revision: 2n, changedScopes: ['t:a'] });
    expect([cached('t:b+p:x'), cached('t:c+p:y')]).toEqual(['b', 'c']);
    await load('t:a+p:x', 'a2');
    await answer({ revision: 3n, changedScopes: ['p:x'] });
    expect(cached('t:c+p:y')).toBe('c');
    await load('t:a+p:x', 'a3');
    await load('t:b+p:x', 'b3');
  });

  it('confirms a revision only after it has dropped what changed', async () => {
    await begin();
    expect(open.follows.at(-1)?.request).toMatchObject({ epoch: 'one', confirmed: 1n });
    await load('t:a', 'old');
    await answer({ revision: 7n, changedScopes: ['t:a'] });
    expect(open.follows.at(-1)?.request).toMatchObject({ epoch: 'one', confirmed: 7n });
    expect(open.follows.at(-1)?.request.followerId).toBe(open.follows[0]?.request.followerId);
    expect(cached('t:a')).toBeUndefined();
  });

  it.each([
    ['a reset', { reset: true }],
    ['another epoch', { epoch: 'two' }],
  ])('drops everything at %s', async (_what, news) => {
    await begin();
    await load('t:a', 'a');
    await load('t:b', 'b');
    await answer({ revision: 2n, ...news });
    expect([cached('t:a'), cached('t:b')]).toEqual([undefined, undefined]);
  });

  it.each([
    ['a notice', { changedScopes: ['t:a'] }],
    ['a reset', { reset: true }],
    ['another epoch', { epoch: 'two' }],
  ])('fetches again what was under way during %s', async (_what, news) => {
    await begin();
    const early = open.replica.get('t:a');
    await answer({ revision: 2n, ...news });
    const late = open.replica.get('t:a');
    open.fetches[0]?.reply('old');
    await pass(0);
    expect(open.fetches).toHaveLength(2);
    open.fetches[1]?.reply('new');
    expect([await early, await late]).toEqual([{ text: 'new' }, { text: 'new' }]);
    expect(cached('t:a')).toBe('new');
  });

  it('keeps the newer value when an outdated fetch ends last', async () => {
    await begin();
    const early = open.replica.get('t:a');
    await answer({ revision: 2n, changedScopes: ['t:a'] });
    await load('t:a', 'new');
    open.fetches[0]?.reply('old');
    await pass(0);
    open.fetches[2]?.reply('new');
    expect(await early).toEqual({ text: 'new' });
    expect(cached('t:a')).toBe('new');
  });

  it('remembers no failure', async () => {
    await begin();
    const failed = open.replica.get('t:a');
    open.fetches[0]?.fail();
    await expect(failed).rejects.toThrow('fetch failed');
    await load('t:a', 'a');
  });

  it('refuses once its lease has run out, counted from when it asked, and works again with a new one', async () => {
    await begin();
    await load('t:a', 'a');
    await pass(4_999);
    expect(cached('t:a')).toBe('a');
    await pass(1);
    expect(() => open.replica.get('t:a')).toThrow();
    // Asked at 0 and answered at 5 s: this lease is over before it arrives.
    await answer();
    expect(() => open.replica.get('t:a')).toThrow();
    await answer();
    expect(cached('t:a')).toBe('a');
  });

  it('never holds a lease longer than it may, whatever the owner grants', async () => {
    await begin();
    await answer({ leaseMs: 60_000 });
    await load('t:a', 'a');
    await pass(5_000);
    expect(() => open.replica.get('t:a')).toThrow();
    await answer({ leaseMs: 60_000 });
    await answer({ leaseMs: 200 });
    await pass(200);
    expect(() => open.replica.get('t:a')).toThrow();
  });

  it('tries again when the owner is away, and tells of it once', async () => {
    await begin();
    for (let i = 0; i < 5; i++) {
      open.follows.at(-1)?.fail();
      await pass(200);
    }
    expect(open.failures).toHaveLength(1);
    await answer();
    open.follows.at(-1)?.fail();
    await pass(200);
    expect(open.failures).toHaveLength(2);
  });

  it('keeps as many values as it may, and still knows what to drop', async () => {
    open = stage(3);
    await begin();
    for (const key of ['t:a+p:x', 't:b+p:x', 't:c+p:x', 't:d+p:x']) await load(key, key);
    expect(cached('t:b+p:x')).toBe('t:b+p:x');
    expect(open.replica.get('t:a+p:x')).toBeInstanceOf(Promise);
    await answer({ revision: 2n, changedScopes: ['p:x'] });
    expect([cached('t:b+p:x'), cached('t:c+p:x'), cached('t:d+p:x')]).toEqual([undefined, undefined, undefined]);
  });

  it('asks no more when stopped', async () => {
    await begin();
    void open.replica.stop();
    const asked = open.follows.length;
    await answer();
    await pass(1_000);
    expect(open.follows).toHaveLength(asked);
  });

  it('gives its lease back when stopped, once it decides nothing any more', async () => {
    await begin();
    await load('t:a', 'a');
    const fetching = open.replica.get('t:b') as Promise<Value>;
    const stopping = open.replica.stop();
    expect(() => open.replica.get('t:a')).toThrowError(expect.objectContaining({ code: 'service_unavailable' }));
    const { request, timeoutMs } = open.follows.at(-1) ?? {};
    expect([request?.leaves, request?.followerId]).toEqual([true, open.follows[0]?.request.followerId]);
    expect(timeoutMs).toBe(1_000);
    // What was asked before comes late: neither a value nor a lease is of use any more.
    open.fetches.at(-1)?.reply('b');
    await expect(fetching).rejects.toMatchObject({ code: 'service_unavailable' });
    open.follows.at(-2)?.reply({ revision: 2n });
    await pass(0);
    expect(() => open.replica.get('t:a')).toThrow();
    await answer();
    await stopping;
    await open.replica.stop();
    expect(open.follows.filter(({ request: { leaves } }) => leaves)).toHaveLength(1);
  });

  it('stops though its owner is away, and asks nothing of one it never followed', async () => {
    await open.replica.stop();
    expect(open.follows).toEqual([]);
    open = stage();
    await begin();
    const stopping = open.replica.stop();
    open.follows.at(-1)?.fail();
    await expect(stopping).resolves.toBeUndefined();
  });

  it('decides by no value that arrives when its lease is over', async () => {
    await begin();
    const early = open.replica.get('t:a') as Promise<Value>;
    await pass(5_000);
    open.fetches[0]?.reply('old');
    await expect(early).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('comes back after a reset at a pace the owner can bear, and only with what is asked for', async () => {
    open = stage(1_000);
    await begin();
    for (let i = 0; i < 200; i++) await load(`t:${i}`, 'old');
    await answer({ reset: true, revision: 2n });
    const before = open.fetches.length;
    const asked = Promise.all(Array.from({ length: 100 }, async (_, i) => await open.replica.get(`t:${i}`)));
    expect(open.fetches.length - before).toBe(64);
    for (let i = 0; i < 100; i++) {
      open.fetches[before + i]?.reply('new');
      await pass(0);
    }
    expect(new Set((await asked).map(({ text }) => text))).toEqual(new Set(['new']));
    expect(open.fetches.length - before).toBe(100);
  });

  it('begins no fetch whose turn comes after the lease', async () => {
    await begin();
    const asked = Array.from({ length: 65 }, async (_, i) => await open.replica.get(`t:${i}`));
    const outcomes = Promise.allSettled(asked);
    await pass(5_000);
    for (const { reply } of open.fetches) reply('late');
    const last = (await outcomes).at(-1);
    expect(last).toMatchObject({ status: 'rejected', reason: { code: 'service_unavailable' } });
    expect(open.fetches).toHaveLength(64);
  });
});
