import { expect, it } from 'vitest';
import { nameCheckpoints } from './audit-export.ts';

const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `chk_${from + i}`);

it('names every checkpoint up to a hundred, and then the first and the last fifty, however they came', () => {
  expect(nameCheckpoints(ids(0, 60), ids(60, 100))).toEqual(ids(0, 100));
  const many = [...ids(0, 50), ...ids(250, 300)];
  expect(nameCheckpoints(ids(0, 100), ids(100, 300))).toEqual(many);
  expect(nameCheckpoints(nameCheckpoints(ids(0, 90), ids(90, 180)), ids(180, 300))).toEqual(many);
});
