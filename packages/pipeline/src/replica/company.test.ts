import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCompany } from './company.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('whoever comes back', () => {
  const course = () => {
    const company = createCompany(10);
    const back: string[] = [];
    const comeBack = (name: string) => void company.comeBack(name).then(() => back.push(name));
    return { leave: company.leave, comeBack, back };
  };

  it('goes on when the last of those who left is back', async () => {
    const { leave, comeBack, back } = course();
    for (const name of ['a', 'b', 'c']) leave(name);
    comeBack('b');
    comeBack('a');
    await vi.advanceTimersByTimeAsync(9);
    expect(back).toEqual([]);
    comeBack('c');
    await vi.advanceTimersByTimeAsync(0);
    expect(back).toEqual(['b', 'a', 'c']);
  });

  it('waits for nobody where nobody is away', async () => {
    const { comeBack, back } = course();
    comeBack('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(back).toEqual(['a']);
  });

  it('waits no longer than it has patience, and for those who stayed away not again', async () => {
    const { leave, comeBack, back } = course();
    leave('a');
    leave('b');
    comeBack('a');
    await vi.advanceTimersByTimeAsync(10);
    expect(back).toEqual(['a']);
    leave('a');
    comeBack('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(back).toEqual(['a', 'a']);
  });
});
