import { describe, expect, it } from 'vitest';
import { createGroupReads } from './group-reads.ts';

const open = (options: { mostKeys?: number; mostAtOnce?: number } = {}) => {
  const calls: { group: string; keys: readonly string[]; answer: PromiseWithResolvers<void> }[] = [];
  const get = createGroupReads<string, string>({
    ...options,
    nameOf: (key) => key,
    read: async (group, keys) => {
      const answer = Promise.withResolvers<void>();
      calls.push({ group, keys, answer });
      await answer.promise;
      return keys.map((key) => (key === 'absent' ? undefined : `${group}/${key}`));
    },
  });
  return { calls, get };
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('reads of one turn', () => {
  it('cross in one call, equal keys once, and each gets its own row', async () => {
    const { calls, get } = open();
    const rows = Promise.all(['a', 'b', 'a', 'absent'].map((key) => get('g', key)));
    await turn();
    expect(calls.map(({ keys }) => keys)).toEqual([['a', 'b', 'absent']]);
    calls[0]!.answer.resolve();
    expect(await rows).toEqual(['g/a', 'g/b', 'g/a', undefined]);
  });

  it('of different groups stay apart', async () => {
    const { calls, get } = open();
    const rows = Promise.all([get('g', 'a'), get('h', 'a')]);
    await turn();
    for (const { answer } of calls) answer.resolve();
    expect(await rows).toEqual(['g/a', 'h/a']);
    expect(calls).toHaveLength(2);
  });
});

describe('under load', () => {
  it('at most so many calls run, and what comes meanwhile gathers for the next, which begins after it came', async () => {
    const { calls, get } = open({ mostKeys: 2, mostAtOnce: 2 });
    const rows: Promise<string | undefined>[] = [];
    for (let i = 0; i < 7; i += 1) {
      rows.push(get('g', String(i)));
      await turn();
    }
    expect(calls.map(({ keys }) => keys)).toEqual([['0'], ['1']]);
    calls[0]!.answer.resolve();
    await turn();
    expect(calls[2]!.keys).toEqual(['2', '3']);
    for (let i = 1; i < 5; i += 1) {
      calls[i]?.answer.resolve();
      await turn();
    }
    expect(await Promise.all(rows)).toEqual(Array.from({ length: 7 }, (_, i) => `g/${i}`));
  });

  it('a failed call fails its own readers only', async () => {
    const { calls, get } = open({ mostAtOnce: 1 });
    const first = get('g', 'a');
    await turn();
    const second = get('g', 'b');
    calls[0]!.answer.reject(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await turn();
    calls[1]!.answer.resolve();
    expect(await second).toBe('g/b');
  });
});
