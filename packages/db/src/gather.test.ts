import { describe, expect, it } from 'vitest';
import { createGather } from './gather.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('what gathers', () => {
  it('crosses in one call, equal items too, and each gets what stands in its place', async () => {
    const calls: (readonly string[])[] = [];
    const hand = createGather<string, string>({
      run: async (group, items) => {
        calls.push(items);
        return items.map((item, place) => `${group}/${item}/${place}`);
      },
    });
    expect(await Promise.all(['a', 'b', 'a'].map((item) => hand('g', item)))).toEqual(['g/a/0', 'g/b/1', 'g/a/2']);
    expect(calls).toEqual([['a', 'b', 'a']]);
  });

  it('may fail or come later by itself, and the next call waits for neither', async () => {
    const late = Promise.withResolvers<string>();
    const hand = createGather<string, string>({
      mostAtOnce: 1,
      run: async (_group, items) =>
        items.map((item) => {
          if (item === 'late') return late.promise;
          return item === 'bad' ? Promise.reject(new Error('bad')) : item;
        }),
    });
    const [slow, failed, good] = [hand('g', 'late'), hand('g', 'bad'), hand('g', 'good')];
    await expect(failed).rejects.toThrow('bad');
    expect(await good).toBe('good');
    await turn();
    expect(await hand('g', 'next')).toBe('next');
    late.resolve('late');
    expect(await slow).toBe('late');
  });
});
