import { describe, expect, it } from 'vitest';
import { readDestination } from './destination.ts';

const folderOf = (prefix: string | undefined) => readDestination('s3', 'trail', prefix, 'exp_1').folder;

describe('a destination', () => {
  it.each([
    [undefined, 'exp_1/'],
    ['', 'exp_1/'],
    ['audit', 'audit/exp_1/'],
    ['audit/year=2026/', 'audit/year=2026/exp_1/'],
  ])('with prefix %j has the folder %s', (prefix, folder) => {
    expect(folderOf(prefix)).toBe(folder);
  });

  it.each(['/', '/a', 'a//b', '..', 'a/../b', '.', 'a b', 'a?b', 'a%2fb', 'ä', 'a\n'])('has no prefix %j', (prefix) => {
    expect(() => folderOf(prefix)).toThrow(
      expect.objectContaining({
        code: 'invalid_config',
        details: { field: 'destination.prefix', reason: 'invalid_name' },
      }),
    );
  });

  it.each(['', '.', '..', 'a..b', 'a/b', 'a?b', 'a@evil.example', 'evil.example:80', '-a', 'a#', 'ä'])(
    'has no bucket %j',
    (bucket) => {
      expect(() => readDestination('s3', bucket, undefined, 'exp_1')).toThrow(
        expect.objectContaining({ details: { field: 'destination.bucket', reason: 'invalid_name' } }),
      );
    },
  );
});
