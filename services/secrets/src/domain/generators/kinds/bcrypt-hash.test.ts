import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { verify } from '@node-rs/bcrypt';
import { describe, expect, it } from 'vitest';
import { generate } from '../generate.ts';
import { parseRecipe } from '../parse-recipe.ts';

const sources = { randomBytes, nowMs: Date.now };

const draw = async (config: object) => {
  const recipe = parseRecipe([
    { name: 'password', generator: 'bcrypt_hash', config: Buffer.from(JSON.stringify(config)) },
  ]);
  const { password = '', password_hash: hash = '', ...others } = await generate(recipe, sources);
  return { password, hash, others };
};

describe('bcrypt_hash', () => {
  it('is a password of 24 alphanumeric characters and its hash of twelve rounds', async () => {
    const { password, hash, others } = await draw({});
    expect(password).toMatch(/^[A-Za-z0-9]{24}$/);
    expect(hash).toMatch(/^\$2b\$12\$[./A-Za-z0-9]{53}$/);
    expect(others).toEqual({});
    expect(await verify(password, hash)).toBe(true);
    expect(await verify(`${password}x`, hash)).toBe(false);
  });

  it.each([
    [8, 10],
    [72, 10],
  ])('has a hash that fits all of its %d characters, with %d rounds', async (length, rounds) => {
    const { password, hash } = await draw({ length, rounds });
    expect(password).toHaveLength(length);
    expect(hash.slice(0, 7)).toBe(`$2b$${rounds}$`);
    expect(await verify(password, hash)).toBe(true);
    // bcrypt drops what is beyond 72 bytes: at the longest length the last character must still count.
    expect(await verify(`${password.slice(0, -1)}!`, hash)).toBe(false);
  });

  it('salts every hash anew', async () => {
    const salts = await Promise.all(Array.from({ length: 4 }, () => draw({ rounds: 10 })));
    expect(new Set(salts.map(({ hash }) => hash.slice(7, 29))).size).toBe(4);
  });

  it('writes the hash where it is told to', async () => {
    expect(Object.keys((await draw({ rounds: 10, hash_field: 'verifier' })).others)).toEqual(['verifier']);
  });

  it('lets others work while it hashes, with the most rounds', async () => {
    let isDone = false;
    const drawing = draw({ rounds: 14 }).finally(() => {
      isDone = true;
    });
    await setImmediate();
    expect(isDone).toBe(false);
    expect((await drawing).hash.slice(0, 7)).toBe('$2b$14$');
  });
});
