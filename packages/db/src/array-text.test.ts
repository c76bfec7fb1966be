import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseArray, writeArray } from './array-text.ts';

const asIs = (text: string): string => text;

it('reads what PostgreSQL writes', () => {
  expect(parseArray('{}', asIs)).toEqual([]);
  expect(parseArray('{1,2,NULL}', Number)).toEqual([1, 2, null]);
  expect(parseArray('{"a b","","NULL","\\"\\\\",c}', asIs)).toEqual(['a b', '', 'NULL', '"\\', 'c']);
});

it('reads back what it wrote', () => {
  const texts = fc.array(
    fc.oneof(fc.constant(null), fc.string({ unit: 'binary' }), fc.constantFrom('NULL', '{', '","')),
  );
  fc.assert(
    fc.property(texts, (values) => {
      expect(parseArray(writeArray(values, String, ''), asIs)).toEqual(values);
    }),
  );
});

it('takes long elements', () => {
  const long = `${'ab'.repeat(1_000_000)}"\\`;
  expect(parseArray(writeArray([long, long], String, ''), asIs)).toEqual([long, long]);
});

it('does not read an array of arrays as a flat one', () => {
  expect(() => parseArray('{{1,2},{3,4}}', Number)).toThrow(RangeError);
});

it('does not write anything but an array', () => {
  expect(writeArray('{1}', String, 'unfit')).toBe('unfit');
});
