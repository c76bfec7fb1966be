import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { entropyBits } from './entropy-bits.ts';
import { generate } from './generate.ts';
import { parseRecipe } from './parse-recipe.ts';
import type { RecipeField } from './recipe.ts';

const fields = [
  { name: 'zone', generator: 'static', config: Buffer.from('{"value":"eu"}') },
  { name: 'private_key', generator: 'ec_keypair', config: undefined },
  { name: '__proto__', generator: 'hex', config: undefined },
  { name: 'app', generator: 'bcrypt_hash', config: Buffer.from('{"rounds":10}') },
  { name: 'constructor', generator: 'uuid', config: undefined },
];
const sources = { randomBytes, nowMs: Date.now };

it('writes every value in the order of the fields, the derived ones behind their own', async () => {
  const data = await generate(parseRecipe(fields), sources);
  expect(Object.keys(data)).toEqual([
    'zone',
    'private_key',
    'public_key',
    '__proto__',
    'app',
    'app_hash',
    'constructor',
  ]);
  const sent = JSON.stringify(data);
  expect(JSON.stringify(JSON.parse(sent))).toBe(sent);
  expect(sent).toMatch(/"__proto__":"[0-9a-f]{64}"/);
});

it('counts the bits of each field once', () => {
  const bits = entropyBits(parseRecipe(fields));
  expect(Object.keys(bits)).toEqual(['zone', 'private_key', '__proto__', 'app', 'constructor']);
});

it('fails as a whole when the source of randomness fails', async () => {
  const broken = () => {
    throw new Error('no randomness');
  };
  await expect(generate(parseRecipe(fields), { randomBytes: broken, nowMs: Date.now })).rejects.toThrow(
    'no randomness',
  );
});

it('makes one value after another, since a thread is held for each that is being made', async () => {
  let running = 0;
  let most = 0;
  const field = (name: string): RecipeField => ({
    name,
    kind: 'static',
    configText: '{}',
    generator: {
      entropyBits: 0,
      async generate() {
        running += 1;
        most = Math.max(most, running);
        await setImmediate();
        running -= 1;
        return [[name, 'made']];
      },
    },
  });
  expect(await generate([field('a'), field('b'), field('c')], sources)).toEqual({ a: 'made', b: 'made', c: 'made' });
  expect(most).toBe(1);
});
