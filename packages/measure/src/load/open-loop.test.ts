import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOpenLoop } from './open-loop.ts';

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const answeredAfter = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearInterval', 'hrtime'] }));
afterEach(() => void vi.useRealTimers());

describe('an open loop', () => {
  it('asks at its rate, however slow the answers are', async () => {
    let asked = 0;
    const loop = startOpenLoop({ perSecond: 500, mostUnderWay: 10_000 }, () => {
      asked += 1;
      return answeredAfter(5_000);
    });
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toBe(101);
    const stopped = loop.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    await stopped;
    expect(asked).toBe(101);
  });

  it('lets all who come during a stall have waited for it', async () => {
    const waits: number[] = [];
    let asked = 0;
    let freeAtMs = nowMs();
    // One at a time, a millisecond each; the hundredth takes a whole second.
    const loop = startOpenLoop({ perSecond: 100, mostUnderWay: 10_000 }, async (intendedAtMs) => {
      asked += 1;
      freeAtMs = Math.max(freeAtMs, nowMs()) + (asked === 100 ? 1_000 : 1);
      await answeredAfter(freeAtMs - nowMs());
      waits.push(nowMs() - intendedAtMs);
    });
    await vi.advanceTimersByTimeAsync(3_000);
    const stopped = loop.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    await stopped;
    expect(waits.filter((ms) => ms > 100).length).toBeGreaterThan(80);
    expect(waits.filter((ms) => ms < 5).length).toBeGreaterThan(180);
  });

  it('counts its own delay as a wait too', async () => {
    // The clock goes on while the loop does not get to its tick.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const waits: number[] = [];
    const loop = startOpenLoop({ perSecond: 1_000, mostUnderWay: 10_000 }, (intendedAtMs) => {
      waits.push(nowMs() - intendedAtMs);
      return Promise.resolve();
    });
    await answeredAfter(30);
    vi.advanceTimersByTime(1);
    await loop.stop();
    expect(waits.length).toBeGreaterThan(25);
    expect(waits[0]).toBeGreaterThan(25);
    expect((waits[0] ?? 0) - (waits[20] ?? 0)).toBeGreaterThan(15);
  });

  it('tells what it gave up when too much is under way', async () => {
    const loop = startOpenLoop({ perSecond: 100, mostUnderWay: 10 }, () => answeredAfter(60_000));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(loop.givenUp).toBe(91);
    const stopped = loop.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    await stopped;
  });

  it('fails when one of its questions fails', async () => {
    const loop = startOpenLoop({ perSecond: 100, mostUnderWay: 10 }, () => Promise.reject(new Error('hung up')));
    await vi.advanceTimersByTimeAsync(100);
    await expect(loop.stop()).rejects.toThrow('hung up');
  });
});
