import { describe, expect, it, vi } from 'vitest';
import { type OpenClock, type Pass, workOff } from '../src/index.ts';
import { createLocalClock } from '../src/local-clock.ts';

const nothing: Pass = { isMore: false, nextDueMs: undefined };
const localClock: OpenClock = (wake) => Promise.resolve(createLocalClock(wake, Date.now));
const silent: OpenClock = () => Promise.resolve({ wakeAt: () => {}, stop: () => Promise.resolve() });

/** A pass that a test ends when it likes. */
const heldPasses = () => {
  const ends: ((outcome: Pass) => void)[] = [];
  const pass = vi.fn(() => new Promise<Pass>((resolve) => ends.push(resolve)));
  return { pass, end: (outcome = nothing) => ends.shift()?.(outcome) };
};

const options = { openClock: silent, nowMs: Date.now, onFailure: () => {} };

describe('workOff', () => {
  it('looks at once, and never twice at the same time', async () => {
    const { pass, end } = heldPasses();
    const worker = await workOff({ ...options, pass });
    expect(pass).toHaveBeenCalledTimes(1);
    worker.wake();
    worker.wake();
    expect(pass).toHaveBeenCalledTimes(1);
    end();
    await vi.waitFor(() => expect(pass).toHaveBeenCalledTimes(2));
    end();
    await worker.stop();
    expect(pass).toHaveBeenCalledTimes(2);
  });

  it('goes on while there is more', async () => {
    const outcomes = [{ ...nothing, isMore: true }, { ...nothing, isMore: true }, nothing];
    const pass = vi.fn(() => Promise.resolve(outcomes.shift() ?? nothing));
    const worker = await workOff({ ...options, pass });
    await vi.waitFor(() => expect(outcomes).toHaveLength(0));
    await worker.stop();
    expect(pass).toHaveBeenCalledTimes(3);
  });

  it('is woken when the next row becomes due', async () => {
    const dueMs = Date.now() + 60;
    const wokenAt: number[] = [];
    const pass = (): Promise<Pass> => {
      wokenAt.push(Date.now());
      return Promise.resolve(wokenAt.length === 1 ? { isMore: false, nextDueMs: dueMs } : nothing);
    };
    const worker = await workOff({ ...options, openClock: localClock, pass });
    await vi.waitFor(() => expect(wokenAt).toHaveLength(2));
    expect(wokenAt[1]).toBeGreaterThanOrEqual(dueMs - 1);
    await worker.stop();
  });

  it('sweeps without being woken, also after a failure, and leaves what is due later to the sweeps', async () => {
    const asked: number[] = [];
    const failures: unknown[] = [];
    let passes = 0;
    const worker = await workOff({
      ...options,
      sweepEveryMs: 20,
      openClock: () => Promise.resolve({ wakeAt: (at) => asked.push(at), stop: () => Promise.resolve() }),
      onFailure: (error) => failures.push(error),
      pass: () => {
        passes += 1;
        if (passes === 1) return Promise.reject(new Error('the database is away'));
        return Promise.resolve({ isMore: false, nextDueMs: Date.now() + 10_000 });
      },
    });
    await vi.waitFor(() => expect(passes).toBeGreaterThan(2));
    await worker.stop();
    expect(failures).toHaveLength(1);
    expect(asked).toEqual([]);
  });

  it('waits for the pass under way when it stops, and starts no other', async () => {
    const { pass, end } = heldPasses();
    const worker = await workOff({ ...options, pass });
    worker.wake();
    const stopped = worker.stop();
    end({ isMore: true, nextDueMs: undefined });
    await stopped;
    worker.wake();
    expect(pass).toHaveBeenCalledTimes(1);
  });
});
