import { expect, it } from 'vitest';
import { parseNoticeTimes } from './notice-times.ts';

const parse = (value: unknown) => parseNoticeTimes(Buffer.from(JSON.stringify(value)));

it.each([[[]], [['7d']], [['1h30m', '30d', '7d', '1d', '2d', '3d', '4d', '5d', '6d', '8d']]])(
  'takes %j as it is',
  (list) => {
    expect(parse(list)).toEqual(list);
  },
);

it.each([
  ['7d', 'validation_error'],
  [{ a: 1 }, 'validation_error'],
  [null, 'validation_error'],
  [[7], 'validation_error'],
  [Array.from({ length: 11 }, () => '1d'), 'validation_error'],
  [['soon'], 'invalid_duration'],
  [['0s'], 'invalid_duration'],
  [['P1D'], 'invalid_duration'],
])('refuses %j with %s', (value, code) => {
  expect(() => parse(value)).toThrow(expect.objectContaining({ code }));
});
