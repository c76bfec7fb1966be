import { expect, it } from 'vitest';
import { repeatsName } from './repeats-name.ts';

it.each([
  ['{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}', false],
  ['{"a":"\\"a\\":1","b":"{"}', false],
  ['{"a":1,"a":1}', true],
  ['{"x":{"a":1,"\\u0061" : 2}}', true],
  ['{"x":[[{"a":1,"b":[],"a":2}]]}', true],
])('sees through %s', (json, expected) => {
  expect(repeatsName(json)).toBe(expected);
});
