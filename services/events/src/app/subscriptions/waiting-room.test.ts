import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWaitingRoom, type Seat, type WaitingRoom } from './waiting-room.ts';

describe('the waiting room', () => {
  let room: WaitingRoom<string>;
  beforeEach(() => {
    vi.useFakeTimers();
    room = createWaitingRoom();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const take = (id = 'sub_1', more: { waitMs?: number; signal?: AbortSignal; number?: number } = {}): Seat => {
    const { waitMs = 1_000, signal = new AbortController().signal, number = 1 } = more;
    const seat = room.take({ scopeId: 't:a', id, waitMs, signal });
    seat.begin(number);
    return seat;
  };
  /** What has been said so far, without waiting. */
  const wordOf = async (said: Promise<string>): Promise<string> =>
    await Promise.race([said, Promise.resolve('nothing')]);

  it('wakes those whose subscription has news, and nobody else', async () => {
    const said = [take('sub_1').next(0), take('sub_2').next(0)];
    room.wake('sub_1');
    expect(await Promise.all(said.map(wordOf))).toEqual(['news', 'nothing']);
  });

  it('keeps news that come between a look and the wait for the next', async () => {
    const seat = take();
    room.wake('sub_1');
    expect(await seat.next(0)).toBe('news');
    expect(await wordOf(seat.next(0))).toBe('nothing');
  });

  it('keeps news that come before the poll has its number', async () => {
    const seat = room.take({ scopeId: 't:a', id: 'sub_1', waitMs: 1_000, signal: new AbortController().signal });
    room.wake('sub_1');
    seat.begin(1);
    expect(await seat.next(0)).toBe('news');
  });

  it('is over when the time is', async () => {
    const said = take().next(0);
    vi.advanceTimersByTime(999);
    expect(await wordOf(said)).toBe('nothing');
    vi.advanceTimersByTime(1);
    expect(await said).toBe('over');
    expect(await take('sub_1', { waitMs: 0 }).next(0)).toBe('over');
    expect(await take('sub_1', { waitMs: -1 }).next(0)).toBe('over');
  });

  it('is over when nobody waits for the answer any more', async () => {
    const client = new AbortController();
    const said = take('sub_1', { signal: client.signal }).next(0);
    client.abort();
    expect(await said).toBe('over');
    expect(await take('sub_1', { signal: client.signal }).next(0)).toBe('over');
  });

  it('is over for all polls but the newest, whoever heard of whom first', async () => {
    const first = take('sub_1', { number: 1 }).next(0);
    const second = take('sub_1', { number: 2 }).next(0);
    expect(await first).toBe('over');
    expect(await take('sub_1', { number: 1 }).next(0)).toBe('over');
    room.supersede('sub_1', 2);
    expect(await wordOf(second)).toBe('nothing');
    room.supersede('sub_1', 3);
    expect(await second).toBe('over');
  });

  it('is over for a poll whose successor was heard of before it had its own number', async () => {
    const seat = room.take({ scopeId: 't:a', id: 'sub_1', waitMs: 1_000, signal: new AbortController().signal });
    room.supersede('sub_1', 8);
    seat.begin(7);
    expect(await seat.next(0)).toBe('over');
  });

  it('is over for all when it closes, and for those that come later', async () => {
    const said = [take('sub_1').next(0), take('sub_2').next(0)];
    room.close();
    expect(await Promise.all(said)).toEqual(['over', 'over']);
    expect(await take('sub_3').next(0)).toBe('over');
  });

  it('tells who waits, with the place up to which it has looked', () => {
    const seat = take('sub_1', { number: 4 });
    void seat.next(17);
    take('sub_2');
    expect(room.waiting()).toEqual([{ scopeId: 't:a', id: 'sub_1', place: 17, number: 4 }]);
  });

  it('holds nothing of a seat that was left', () => {
    const client = new AbortController();
    const listening = vi.spyOn(client.signal, 'removeEventListener');
    const seat = take('sub_1', { signal: client.signal });
    void seat.next(0);
    seat.leave();
    expect(room.waiting()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    expect(listening).toHaveBeenCalledOnce();
  });
});
