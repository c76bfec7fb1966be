import { createSecretKey } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isVaultError, VaultError } from '@scaivault/errors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IntegrityError } from './integrity-error.ts';
import { type CachedKey, createKeyCache } from './key-cache.ts';

const ttlMs = 300_000;
const graceMs = 3_600_000;
const away = new VaultError('kms_unavailable', 'away');

const setUp = ({ max = 10 } = {}) => {
  const clock = { ms: 1_000 };
  const cache = createKeyCache({ ttlMs, graceMs, max, nowMs: () => clock.ms });
  const unwraps: string[] = [];
  const load = (id: string, failure?: Error): Promise<CachedKey> =>
    cache.refresh(id, async () => {
      unwraps.push(id);
      if (failure !== undefined) throw failure;
      return { key: createSecretKey(Buffer.alloc(32)), confirmedAtMs: clock.ms, retryAtMs: clock.ms };
    });
  return { clock, cache, unwraps, load };
};

const unavailable = expect.toSatisfy((error) => isVaultError(error, 'kms_unavailable'));

describe('the key cache', () => {
  it('serves a key for its lifetime and not a moment longer', async () => {
    const { clock, cache, load } = setUp();
    await load('a');
    clock.ms += ttlMs - 1;
    expect(cache.usable('a')).toBeDefined();
    clock.ms += 1;
    expect(cache.usable('a')).toBeUndefined();
  });

  it('does not grow a lifetime by use', async () => {
    const { clock, cache, load } = setUp();
    await load('a');
    for (let step = 0; step < 10; step++) {
      expect(cache.usable('a')).toBeDefined();
      clock.ms += ttlMs / 10;
    }
    expect(cache.usable('a')).toBeUndefined();
  });

  it('holds no more keys than it may and lets the one go that was not used for longest', async () => {
    const { cache, load } = setUp({ max: 2 });
    await load('a');
    await load('b');
    cache.usable('a');
    await load('c');
    expect(['a', 'b', 'c'].filter((id) => cache.usable(id) !== undefined)).toEqual(['a', 'c']);
  });

  it('unwraps once for all who ask at the same time', async () => {
    const { unwraps, load } = setUp();
    const keys = await Promise.all(Array.from({ length: 50 }, () => load('a')));
    expect(new Set(keys).size).toBe(1);
    expect(unwraps).toEqual(['a']);
  });

  it('tells a failure to all who asked and tries again for the next one', async () => {
    const { unwraps, load } = setUp();
    const results = await Promise.allSettled([load('a', away), load('a', away)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await load('a');
    expect(unwraps).toEqual(['a', 'a']);
  });

  it('falls back on the old key while the KMS is away, until the grace ends', async () => {
    const { clock, load } = setUp();
    const first = await load('a');
    clock.ms += ttlMs + graceMs - 1;
    expect((await load('a', away)).key).toBe(first.key);
    clock.ms += 1;
    await expect(load('a', away)).rejects.toThrowError(unavailable);
  });

  it('asks an absent KMS every 5 s, not for every read', async () => {
    const { clock, cache, load } = setUp();
    await load('a');
    clock.ms += ttlMs;
    await load('a', away);
    clock.ms += 4_999;
    expect(cache.usable('a')).toBeDefined();
    clock.ms += 1;
    expect(cache.usable('a')).toBeUndefined();
  });

  it('ends the grace on time even when the KMS was asked just before', async () => {
    const { clock, cache, load } = setUp();
    await load('a');
    clock.ms += ttlMs + graceMs - 1;
    await load('a', away);
    clock.ms += 1;
    expect(cache.usable('a')).toBeUndefined();
  });

  it('starts a new lifetime when the KMS is back', async () => {
    const { clock, cache, load } = setUp();
    await load('a');
    clock.ms += ttlMs;
    await load('a', away);
    await load('a');
    clock.ms += ttlMs - 1;
    expect(cache.usable('a')).toBeDefined();
  });

  it.each([
    ['blob that does not open', new IntegrityError('authentication')],
    ['root key that is not allowed any more', new VaultError('invalid_config', 'refused')],
  ])('drops the old key after a %s', async (_what, refusal) => {
    const { clock, load } = setUp();
    await load('a');
    clock.ms += ttlMs;
    await expect(load('a', refusal)).rejects.toBe(refusal);
    await expect(load('a', away)).rejects.toBe(away);
  });

  it('passes an outage of the store on, and keeps the key for the time after it', async () => {
    const { clock, load } = setUp();
    const { key } = await load('a');
    clock.ms += ttlMs;
    const outage = new VaultError('service_unavailable', 'away');
    await expect(load('a', outage)).rejects.toBe(outage);
    expect((await load('a', away)).key).toBe(key);
  });

  it('is empty once closed and stays so', async () => {
    const { cache, load } = setUp();
    await load('a');
    const late = load('b');
    cache.close();
    await late;
    expect([cache.usable('a'), cache.usable('b')]).toEqual([undefined, undefined]);
  });

  it.each([
    { ttlMs: 0, graceMs: 0, max: 1 },
    { ttlMs: 1, graceMs: -1, max: 1 },
    { ttlMs: 1, graceMs: 0, max: 0 },
    { ttlMs: 2 ** 31, graceMs: 0, max: 1 },
    { ttlMs: 1, graceMs: 2 ** 31, max: 1 },
    { ttlMs: 1, graceMs: 0, max: 2 ** 31 },
    { ttlMs: Number.NaN, graceMs: 0, max: 1 },
    { ttlMs: Number.POSITIVE_INFINITY, graceMs: 0, max: 1 },
  ])('refuses the bounds $ttlMs, $graceMs and $max', (bounds) => {
    const refused = expect.toSatisfy((error) => isVaultError(error, 'invalid_config'));
    expect(() => createKeyCache({ ...bounds, nowMs: () => 1 })).toThrowError(refused);
  });
});

describe('the memory of the key cache', () => {
  // Whether a key has left the heap is seen by collecting the garbage and looking for it.
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const isCollected = async (key: WeakRef<CachedKey>): Promise<boolean> => {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    return key.deref() === undefined;
  };

  const pass = ({ clock }: ReturnType<typeof setUp>, ms: number): void => {
    clock.ms += ms;
    vi.advanceTimersByTime(ms);
  };

  it('lets an idle key go when its grace is over, with nobody asking', async () => {
    const stage = setUp();
    const key = new WeakRef(await stage.load('a'));
    pass(stage, ttlMs + graceMs - 1);
    expect(await isCollected(key)).toBe(false);
    pass(stage, 2);
    expect(await isCollected(key)).toBe(true);
  });

  it('keeps no key longer because of an outage', async () => {
    const stage = setUp();
    await stage.load('a');
    pass(stage, ttlMs + graceMs - 10);
    const key = new WeakRef(await stage.load('a', away));
    expect(await isCollected(key)).toBe(false);
    pass(stage, 11);
    expect(await isCollected(key)).toBe(true);
  });

  it('does not keep a key whose time was over before it came', async () => {
    const { clock, cache } = setUp();
    const load = () =>
      cache.refresh('a', async () => {
        const confirmedAtMs = clock.ms;
        clock.ms += ttlMs + graceMs;
        return { key: createSecretKey(Buffer.alloc(32)), confirmedAtMs, retryAtMs: confirmedAtMs };
      });
    const key = new WeakRef(await load());
    expect(await isCollected(key)).toBe(true);
  });
});
