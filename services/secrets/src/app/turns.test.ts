import { describe, expect, it } from 'vitest';
import { createTurns } from './turns.ts';

describe('turns', () => {
  it('run one after the other under one key, in the order they came, and side by side under two', async () => {
    const inTurn = createTurns();
    const log: string[] = [];
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = inTurn('a', async () => {
      await held;
      log.push('a1');
    });
    const second = inTurn('a', async () => void log.push('a2'));
    await inTurn('b', async () => void log.push('b'));
    release();
    await Promise.all([first, second]);
    expect(log).toEqual(['b', 'a1', 'a2']);
  });

  it('go on after a failure, which only its own caller hears of', async () => {
    const inTurn = createTurns();
    const failed = inTurn('a', () => Promise.reject(new Error('no')));
    const next = inTurn('a', () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
    await expect(inTurn('a', () => Promise.resolve('again'))).resolves.toBe('again');
  });
});
