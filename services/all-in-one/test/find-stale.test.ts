import { describe, expect, it } from 'vitest';
import { findStale, type Observation } from './find-stale.ts';

const seen = (
  kind: Observation['kind'],
  version: number,
  askedAt: number,
  answeredAt: number,
  more: Partial<Observation> = {},
): Observation => ({ key: 'k', kind, version, value: `value ${version}`, askedAt, answeredAt, ...more });

describe('findStale', () => {
  it('finds nothing where reads may have come before or behind a write that was under way', () => {
    const history = [seen('write', 1, 0, 1), seen('write', 2, 5, 20), seen('read', 1, 6, 8), seen('read', 2, 7, 9)];
    expect(findStale(history)).toEqual([]);
    expect(findStale([...history, seen('read', 1, 8.5, 30)])).toEqual([]);
  });

  it.each<[string, Observation[], string]>([
    ['an older version than a write had answered', [seen('read', 1, 6, 7)], 'read of k: version 1 after 2'],
    [
      'an older version than another reader had seen',
      [seen('write', 3, 6, 50), seen('read', 3, 7, 8), seen('read', 2, 9, 10)],
      'read of k: version 2 after 3',
    ],
    ['a version nobody wrote', [seen('read', 9, 6, 7)], 'read of k: version 9, which nobody wrote'],
    [
      'a version before it was written',
      [seen('read', 3, 6, 7), seen('write', 3, 8, 9)],
      'read of k: version 3 before it was written',
    ],
    [
      'the value of another version',
      [seen('read', 2, 6, 7, { value: 'value 1' })],
      'read of k: version 2 with the value of another',
    ],
    ['two writes of one version', [seen('write', 2, 6, 7)], 'write of k: version 2 after 2'],
  ])('finds %s', (_what, more, complaint) => {
    expect(findStale([seen('write', 1, 0, 1), seen('write', 2, 2, 5), ...more])).toContain(complaint);
  });

  it('judges each secret by itself', () => {
    const other = { key: 'other' };
    expect(findStale([seen('write', 2, 0, 1), seen('write', 1, 2, 3, other), seen('read', 1, 4, 5, other)])).toEqual(
      [],
    );
  });
});
