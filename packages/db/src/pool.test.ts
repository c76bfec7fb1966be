import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Connection } from './connection.ts';
import { createPool } from './pool.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const fakeConnection = (): Connection & { closed: boolean } => ({
  closed: false,
  isLost: false,
  run: () => Promise.reject(new Error('not used')),
  discard: () => {},
  async close() {
    this.closed = true;
  },
});

const settings = { size: 2, acquireTimeoutMs: 1_000, lifetimeMs: 60_000, onError: () => {} };
const done = async (): Promise<string> => 'done';
const codeOf = (error: { code?: string }): string | undefined => error.code;

it('tries again ever more rarely while the server is away, however much work asks, and keeps nobody waiting', async () => {
  let attempts = 0;
  let isAway = true;
  const open = async (): Promise<Connection> => {
    attempts += 1;
    if (isAway) throw new Error('away');
    return fakeConnection();
  };
  const pool = createPool({ ...settings, acquireTimeoutMs: 5_000, open });
  const outcomes: Promise<string>[] = [];
  for (let tenths = 0; tenths < 200; tenths += 1) {
    for (let n = 0; n < 5; n += 1) outcomes.push(pool.use(done).catch(String));
    await vi.advanceTimersByTimeAsync(100);
  }
  // 20 seconds: 50 ms doubling up to 2 s, each shortened by up to half.
  expect(attempts).toBeGreaterThan(10);
  expect(attempts).toBeLessThan(32);

  isAway = false;
  outcomes.push(pool.use(done).catch(String));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['Error: away', 'done']));
  expect(await pool.use(done)).toBe('done');
});

it('lets work wait for a living connection when the server has no more to give', async () => {
  let opened = 0;
  const pool = createPool({
    ...settings,
    open: async () => {
      opened += 1;
      if (opened > 1) throw new Error('too many clients');
      return fakeConnection();
    },
  });
  const slow = (): Promise<string> => new Promise((resolve) => setTimeout(resolve, 100, 'done'));
  const outcomes = Promise.all([pool.use(slow), pool.use(slow), pool.use(slow)]);
  await vi.advanceTimersByTimeAsync(300);
  expect(await outcomes).toEqual(['done', 'done', 'done']);
});

it('refuses work that has waited too long for a connection', async () => {
  const pool = createPool({ ...settings, size: 1, open: async () => fakeConnection() });
  const forever = pool.use(() => new Promise<never>(() => {}));
  const refused = pool.use(done).catch(codeOf);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await refused).toBe('service_unavailable');
  expect(pool.stats()).toEqual({ size: 1, available: 0 });
  void forever;
});

it('replaces a connection that has grown old', async () => {
  const opened: ReturnType<typeof fakeConnection>[] = [];
  const pool = createPool({
    ...settings,
    size: 1,
    open: async () => {
      const connection = fakeConnection();
      opened.push(connection);
      return connection;
    },
  });
  await pool.use(done);
  await pool.use(done);
  expect(opened).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(60_000);
  await pool.use(done);
  await pool.use(done);
  expect(opened.map(({ closed }) => closed)).toEqual([true, false]);
});
