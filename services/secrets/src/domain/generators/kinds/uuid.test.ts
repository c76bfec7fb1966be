import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generate } from '../generate.ts';
import { parseRecipe } from '../parse-recipe.ts';
import type { RandomBytes } from '../sources.ts';

const draw = async (version: number, source: RandomBytes, nowMs: number): Promise<string | undefined> => {
  const recipe = parseRecipe([{ name: 'id', generator: 'uuid', config: Buffer.from(`{"version":${version}}`) }]);
  return (await generate(recipe, { randomBytes: source, nowMs: () => nowMs })).id;
};

const bytes = (hex: string) => () => Buffer.from(hex, 'hex');

describe('uuid', () => {
  it('of version 4 is the example of RFC 9562, A.3, when its random bits are drawn', async () => {
    expect(await draw(4, bytes('919108f752d1f3201bacf847db4148a8'), 0)).toBe('919108f7-52d1-4320-9bac-f847db4148a8');
    expect(await draw(4, bytes('919108f752d103205bacf847db4148a8'), 0)).toBe('919108f7-52d1-4320-9bac-f847db4148a8');
  });

  it('of version 7 is the example of RFC 9562, A.6, at its time', async () => {
    const at = 0x01_7f_22_e2_79_b0 + 0.9;
    expect(await draw(7, bytes('000000000000fcc3d8c4dc0c0c07398f'), at)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
    expect(await draw(7, bytes('ffffffffffff0cc318c4dc0c0c07398f'), at)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it.each([4, 7])('of version %d never repeats itself, within one millisecond', async (version) => {
    const drawn = await Promise.all(
      Array.from({ length: 10_000 }, () => draw(version, randomBytes, 1_700_000_000_000)),
    );
    expect(new Set(drawn).size).toBe(10_000);
  });

  it('of version 7 sorts by time', async () => {
    const times = [0, 1, 255, 256, 1_700_000_000_000, 1_700_000_000_001, 2 ** 48 - 1];
    const drawn = await Promise.all(times.map((nowMs) => draw(7, randomBytes, nowMs)));
    expect(drawn.toSorted()).toEqual(drawn);
  });
});
