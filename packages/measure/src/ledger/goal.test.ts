import { describe, expect, it } from 'vitest';
import type { Figure } from './figure.ts';
import { type Goal, judgeGoals } from './goal.ts';

const figure: Figure = { part: 'p', target: 't', what: 'of fastify', better: 'more', rounds: [0.2, 0.4, 0.3] };
const goal: Goal = { scenario: 'read', part: 'p', target: 't', what: 'of fastify' };

const judge = (more: Partial<Goal>, cores = 2) => judgeGoals([{ ...goal, ...more }], [figure], cores)[0]?.is;

describe('a goal', () => {
  it('is judged by the median of the rounds', () => {
    expect(judge({ atLeast: 0.3 })).toBe('met');
    expect(judge({ atLeast: 0.31 })).toBe('missed');
    expect(judge({ atMost: 0.3 })).toBe('met');
    expect(judge({ atMost: 0.29 })).toBe('missed');
  });

  it('is open on a machine with too few cores', () => {
    expect(judge({ atLeast: 0.1, cores: 4 })).toBe('open');
    expect(judge({ atLeast: 0.1, cores: 4 }, 4)).toBe('met');
  });

  it('is not spoken of when nobody measured its figure', () => {
    expect(judge({ what: 'p99 ms', atMost: 1 })).toBeUndefined();
  });
});
