import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { entropyBits } from '../entropy-bits.ts';
import { generate } from '../generate.ts';
import { parseRecipe } from '../parse-recipe.ts';
import type { RandomBytes } from '../sources.ts';

const recipeOf = (config: object) =>
  parseRecipe([{ name: 'value', generator: 'random', config: Buffer.from(JSON.stringify(config)) }]);

/** The real source, asked for more at a time. */
const pooledBytes = (): RandomBytes => {
  let pool = randomBytes(0);
  return (size) => {
    if (pool.length < size) pool = randomBytes(65_536);
    const taken = pool.subarray(0, size);
    pool = pool.subarray(size);
    return taken;
  };
};

const draw = async (config: object, times: number, source: RandomBytes = pooledBytes()) => {
  const recipe = recipeOf(config);
  const texts: string[] = [];
  for (let i = 0; i < times; i += 1) {
    texts.push((await generate(recipe, { randomBytes: source, nowMs: Date.now })).value ?? '');
  }
  return texts;
};

const allClasses = { require_upper: true, require_lower: true, require_digit: true, require_symbol: true };

describe('random', () => {
  it('never repeats itself', async () => {
    expect(new Set(await draw({}, 10_000)).size).toBe(10_000);
  });

  it.each(['ascii', 'safe'])('always shows every class that is required, from %s', async (charset) => {
    for (const text of await draw({ length: 4, charset, ...allClasses }, 2000)) {
      expect(text).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])(?=.*[^A-Za-z0-9]).{4}$/);
    }
  });

  it.each([
    ['require_upper', /[A-Z]/],
    ['require_lower', /[a-z]/],
    ['require_digit', /[0-9]/],
    ['require_symbol', /[^A-Za-z0-9]/],
  ])('leaves a class out now and then unless %s says otherwise', async (requirement, form) => {
    const misses = async (config: object) =>
      (await draw({ length: 4, charset: 'ascii', ...config }, 500)).filter((text) => !form.test(text)).length;
    expect(await misses({})).toBeGreaterThan(0);
    expect(await misses({ [requirement]: true })).toBe(0);
  });

  it('draws the whole text again when a class is missing, and keeps nothing of the first', async () => {
    // Two characters take one bit: 0 is `a`, 1 is `7`.
    const bytes = [0, 0, 0, 0, 0, 0, 1, 0];
    const source = (size: number) => Uint8Array.from(bytes.splice(0, size));
    expect(await draw({ length: 4, charset: 'custom', characters: 'a7', require_digit: true }, 1, source)).toEqual([
      'aa7a',
    ]);
    expect(bytes).toEqual([]);
  });

  it('makes all texts that meet the requirements equally likely', async () => {
    const config = { length: 4, charset: 'custom', characters: 'ab7', require_digit: true };
    const times = 130_000;
    const counts = new Map<string, number>();
    for (const text of await draw(config, times)) counts.set(text, (counts.get(text) ?? 0) + 1);
    // 3^4 texts less the 2^4 without a digit.
    expect(counts.size).toBe(65);
    const share = times / 65;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - share) ** 2 / share, 0);
    // With 64 degrees of freedom it is larger once in 10^10 runs.
    expect(chiSquare).toBeLessThan(166);
    expect(entropyBits(recipeOf(config)).value).toBeCloseTo(Math.log2(65), 12);
  });

  it('puts a required class at no place more often than at another', async () => {
    const length = 6;
    const times = 60_000;
    const digitsAt = Array.from({ length }, () => 0);
    for (const text of await draw({ length, require_digit: true }, times)) {
      for (const [place, character] of [...text].entries()) {
        if (character >= '0' && character <= '9') digitsAt[place]! += 1;
      }
    }
    const likely = 10 / 62 / (1 - (52 / 62) ** length);
    const spread = Math.sqrt(times * likely * (1 - likely));
    for (const count of digitsAt) expect(Math.abs(count - times * likely) / spread).toBeLessThan(6.5);
  });
});

describe('the bits of random', () => {
  it.each([
    [{}, 32 * Math.log2(62)],
    [{ length: 20, charset: 'numeric' }, 20 * Math.log2(10)],
    [{ length: 8, charset: 'ascii' }, 8 * Math.log2(94)],
    [{ length: 1024, charset: 'alpha' }, 1024 * Math.log2(52)],
    [{ length: 10, charset: 'safe' }, Math.log2(57) + 9 * Math.log2(61)],
    [{ length: 4, charset: 'custom', characters: 'xy' }, 4],
    // One of each class, in any order.
    [{ length: 4, charset: 'ascii', ...allClasses }, Math.log2(24 * 26 * 26 * 10 * 32)],
    // The symbol stands at one of the last three places.
    [{ length: 4, charset: 'safe', ...allClasses }, Math.log2(18 * 24 * 25 * 8 * 4)],
  ])('are those of the texts that can come of %j', (config, bits) => {
    expect(entropyBits(recipeOf(config)).value).toBeCloseTo(bits, 9);
  });
});

describe('requirements that are hardly ever met', () => {
  const symbols = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

  it('are refused where more than a hundred tries are to be expected', () => {
    const config = { charset: 'custom', characters: `${symbols}Aa0`, ...allClasses };
    // One text in 110 of nine characters, and one in 80 of ten.
    expect(() => recipeOf({ ...config, length: 9 })).toThrow(
      expect.objectContaining({
        code: 'invalid_config',
        details: { field: 'fields[0].config.characters', reason: 'conflict' },
      }),
    );
    expect(() => recipeOf({ ...config, length: 10 })).not.toThrow();
  });
});
