import { describe, expect, it } from 'vitest';
import { storeTogether } from './store-together.ts';

const record = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A store whose calls end when the test says so. */
const openStore = () => {
  const calls: { readonly texts: readonly string[]; readonly end: PromiseWithResolvers<void> }[] = [];
  const store = storeTogether((records) => {
    const end = Promise.withResolvers<void>();
    calls.push({ texts: records.map(textOf), end });
    return end.promise;
  });
  return { calls, store: (text: string) => store(record(text)) };
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('storeTogether', () => {
  it('stores what comes in one turn, and what gathers during a call, in one call each', async () => {
    const { calls, store } = openStore();
    const first = Promise.all(['a', 'b', 'c'].map(store));
    await turn();
    const second = Promise.all(['d', 'e'].map(store));
    await turn();
    expect(calls.map(({ texts }) => texts)).toEqual([['a', 'b', 'c']]);
    calls[0]?.end.resolve();
    await first;
    await turn();
    expect(calls.map(({ texts }) => texts)).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
    calls[1]?.end.resolve();
    await second;
  });

  it('fails those whose call failed, and goes on with the others', async () => {
    const { calls, store } = openStore();
    const lost = Promise.allSettled(['a', 'b'].map(store));
    await turn();
    const kept = store('c');
    calls[0]?.end.reject(new Error('away'));
    expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await turn();
    expect(calls[1]?.texts).toEqual(['c']);
    calls[1]?.end.resolve();
    await kept;
  });

  it('carries no more than a journal ships at once', async () => {
    const sizes: number[] = [];
    const store = storeTogether(async (records) => {
      sizes.push(records.length);
    });
    await Promise.all(Array.from({ length: 1_100 }, (_, n) => store(record(String(n)))));
    expect(sizes).toEqual([500, 500, 100]);
  });
});
