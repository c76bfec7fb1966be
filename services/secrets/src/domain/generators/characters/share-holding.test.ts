import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CharacterClass, holdsClass } from './character-class.ts';
import { charsets } from './charset.ts';
import { shareHolding } from './share-holding.ts';

const everyText = (places: readonly string[]): string[] =>
  places.reduce<string[]>((texts, place) => texts.flatMap((text) => [...place].map((next) => text + next)), ['']);

const characters = fc.uniqueArray(fc.constantFrom(...'ABab12-~'), { minLength: 1, maxLength: 6 });
const classes = fc.uniqueArray(fc.constantFrom<CharacterClass>('upper', 'lower', 'digit', 'symbol'));

it('is the share that counting all texts finds', () => {
  fc.assert(
    fc.property(characters, characters, fc.integer({ min: 1, max: 5 }), classes, (first, rest, length, required) => {
      const charset = { first: first.join(''), rest: rest.join('') };
      const all = everyText([charset.first, ...Array.from({ length: length - 1 }, () => charset.rest)]);
      const holding = all.filter((text) => required.every((one) => holdsClass(text, one)));
      expect(shareHolding(charset, length, required)).toBeCloseTo(holding.length / all.length, 12);
    }),
    { numRuns: 300 },
  );
});

it('is all without a requirement, and nearly all when a long text must hold what its charset is full of', () => {
  expect(shareHolding(charsets.safe, 4, [])).toBe(1);
  expect(shareHolding(charsets.ascii, 1024, ['upper', 'lower', 'digit', 'symbol'])).toBeCloseTo(1, 12);
});
