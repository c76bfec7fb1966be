import { VaultError } from '@scaivault/errors';
import { describe, expect, it } from 'vitest';
import { generatorKinds } from './generator-kinds.ts';
import { parseRecipe } from './parse-recipe.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const field = (name: string, generator = 'hex', config?: object) => ({
  name,
  generator,
  config: config === undefined ? undefined : bytes(JSON.stringify(config)),
});

const refusalOf = (work: () => unknown): VaultError => {
  try {
    work();
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

/** What is wrong, as `code place rule`. */
const verdict = (fields: Parameters<typeof parseRecipe>[0]): string => {
  const { code, details } = refusalOf(() => parseRecipe(fields));
  if (code === 'invalid_config') return `${code} ${String(details?.field)} ${String(details?.reason)}`;
  const [violation, ...others] = (details?.fields ?? []) as { field: string; rule: string }[];
  expect(others).toEqual([]);
  return `${code} ${violation?.field} ${violation?.rule}`;
};

describe('the fields of a recipe', () => {
  it('come to a recipe in their order, with their configs as they were sent', () => {
    const recipe = parseRecipe([
      { name: 'user', generator: 'static', config: bytes('{ "value" : "caf\\u00e9" }') },
      { name: 'password', generator: 'random', config: bytes('') },
      { name: 'token', generator: 'hex', config: undefined },
    ]);
    expect(recipe.map(({ name, kind, configText }) => [name, kind, configText])).toEqual([
      ['user', 'static', '{"value":"café"}'],
      ['password', 'random', '{}'],
      ['token', 'hex', '{}'],
    ]);
  });

  it('are 1 to 20', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => field(`f${index}`));
    expect(parseRecipe(many(1))).toHaveLength(1);
    expect(parseRecipe(many(20))).toHaveLength(20);
    expect(verdict([])).toBe('validation_error fields length');
    expect(verdict(many(21))).toBe('validation_error fields length');
  });

  it.each(['a', 'Z', '_', '__proto__', 'aZ09_', 'a'.repeat(64)])('may be called %s', (name) => {
    expect(parseRecipe([field(name)])[0]?.name).toBe(name);
  });

  it.each(['0a', 'a-b', 'a b', 'a.b', 'ä', 'a\n', ' a', 'a'.repeat(65)])('may not be called %j', (name) => {
    expect(verdict([field('ok'), field(name)])).toBe('validation_error fields[1].name format');
  });

  it('must have a name and a generator', () => {
    expect(verdict([field('')])).toBe('validation_error fields[0].name required');
    expect(verdict([field('a', '')])).toBe('validation_error fields[0].generator required');
  });

  it.each(['Random', 'random ', 'toString', '__proto__', 'rsa'])('know no generator called %j', (generator) => {
    expect(verdict([field('a', generator)])).toBe('validation_error fields[0].generator enum');
  });

  it('know the nine generators of the contract', () => {
    expect(Object.keys(generatorKinds)).toEqual(
      'random hex uuid template rsa_keypair ec_keypair ssh_keypair bcrypt_hash static'.split(' '),
    );
  });
});

describe('the names that are written', () => {
  it.each([
    ['two fields', [field('a'), field('a')], 'fields[1].name'],
    ['a field and a public half before it', [field('k', 'ec_keypair'), field('k_public')], 'fields[1].name'],
    [
      'a field and a public half behind it',
      [field('k_public'), field('k', 'ec_keypair')],
      'fields[1].config.public_field',
    ],
    [
      'public_key, derived twice over',
      [field('public_key'), field('private_key', 'rsa_keypair')],
      'fields[1].config.public_field',
    ],
    ['a hash and a field', [field('p', 'bcrypt_hash'), field('p_hash')], 'fields[1].name'],
    [
      'a chosen name and a field',
      [field('a'), field('p', 'bcrypt_hash', { hash_field: 'a' })],
      'fields[1].config.hash_field',
    ],
    [
      'a chosen name and its own field',
      [field('k', 'ssh_keypair', { public_field: 'k' })],
      'fields[0].config.public_field',
    ],
  ])('cannot be the same for %s', (_what, fields, place) => {
    expect(verdict(fields)).toBe(`validation_error ${place} conflict`);
  });

  it('differ by case', () => {
    expect(parseRecipe([field('a'), field('A')])).toHaveLength(2);
  });

  it.each([
    ['rsa_keypair', 'public_field'],
    ['ec_keypair', 'public_field'],
    ['ssh_keypair', 'public_field'],
    ['bcrypt_hash', 'hash_field'],
  ])('have one form, derived by %s or not', (generator, member) => {
    expect(parseRecipe([field('a', generator, { [member]: 'b'.repeat(64) })])).toHaveLength(1);
    for (const name of ['', 'b c', 'b'.repeat(65)]) {
      expect(verdict([field('a', generator, { [member]: name })])).toBe(
        `validation_error fields[0].config.${member} format`,
      );
    }
    // 64 characters leave no room for what a default puts behind them.
    expect(verdict([field('a'.repeat(64), generator)])).toBe(`validation_error fields[0].config.${member} format`);
    expect(parseRecipe([field('a'.repeat(64), generator, { [member]: 'b' })])).toHaveLength(1);
  });
});

describe('a config', () => {
  it.each(['[]', 'null', '"a"', '1', '{', '{}{}', '{"length":}'])('cannot be %s', (text) => {
    expect(verdict([{ name: 'a', generator: 'hex', config: bytes(text) }])).toBe(
      'validation_error fields[0].config type',
    );
  });

  it.each(Object.keys(generatorKinds))('of %s has no member that nobody knows', (generator) => {
    for (const member of ['lenght', 'Length', 'toString']) {
      expect(verdict([field('a', generator, { [member]: 1, length: 1, charset: 'custom' })])).toMatch(
        new RegExp(`^validation_error fields\\[0\\]\\.config\\.(${member}|length|charset) unknown$`),
      );
    }
    expect(verdict([{ name: 'a', generator, config: bytes('{"__proto__":{}}') }])).toBe(
      'validation_error fields[0].config.__proto__ unknown',
    );
  });

  it.each([
    ['random', 'length', ['32', 32.5, null, true, []]],
    ['random', 'charset', [1, null, ['alpha']]],
    ['random', 'require_upper', ['true', 1, null]],
    ['random', 'require_lower', ['true', 0, null]],
    ['random', 'require_digit', ['true', {}, null]],
    ['random', 'require_symbol', ['true', [], null]],
    ['hex', 'length', ['32', 2.5, null]],
    ['uuid', 'version', ['4', null]],
    ['template', 'template', [1, null]],
    ['rsa_keypair', 'bits', ['2048', null]],
    ['rsa_keypair', 'public_field', [1, null]],
    ['ec_keypair', 'curve', [256, null]],
    ['ssh_keypair', 'key_type', [1, null]],
    ['ssh_keypair', 'comment', [1, null]],
    ['bcrypt_hash', 'length', ['24', 24.5, null]],
    ['bcrypt_hash', 'rounds', ['12', 12.5, null]],
    ['bcrypt_hash', 'hash_field', [1, null]],
    ['static', 'value', [1, null, {}]],
  ])('of %s has %s in its own JSON type only', (generator, member, values) => {
    for (const value of values) {
      expect(verdict([field('a', generator, { [member]: value })])).toBe(
        `validation_error fields[0].config.${member} type`,
      );
    }
  });

  it('takes at most 25 KiB, however it is written', () => {
    const longest = [
      field('a', 'static', { value: '\u0001'.repeat(4096) }),
      field('b', 'template', { template: `{{uuid}}${'\u0001'.repeat(1016)}` }),
      field('c', 'ssh_keypair', { comment: '😀'.repeat(128), key_type: 'ed25519', public_field: 'd'.repeat(64) }),
    ];
    for (const { configText } of parseRecipe(longest)) {
      expect(Buffer.byteLength(configText)).toBeLessThanOrEqual(25 * 1024);
    }
    const spread = { name: 'a', generator: 'hex', config: bytes(`{"length"${' '.repeat(30_000)}:8}`) };
    expect(parseRecipe([spread])[0]?.configText).toBe('{"length":8}');
  });

  it('must have characters of its own JSON type', () => {
    expect(verdict([field('a', 'random', { charset: 'custom', characters: ['a', 'b'] })])).toBe(
      'validation_error fields[0].config.characters type',
    );
  });

  it.each([
    ['template', 'template'],
    ['static', 'value'],
  ])('of %s must have a %s', (generator, member) => {
    expect(verdict([field('a', generator)])).toBe(`validation_error fields[0].config.${member} required`);
  });

  it('is not quoted by a refusal, and neither is a name', () => {
    const canary = 'canary-7c1';
    for (const fields of [
      [field(canary)],
      [field('a', canary)],
      [field('a', 'template', { template: `{{${canary}}}` })],
      [field('a', 'template', { template: `${canary}{{` })],
      [field('a', 'static', { value: canary.repeat(1000) })],
      [field('a', 'static', { value: `${canary}\0` })],
      [field('a', 'random', { charset: canary })],
      [field('a', 'random', { charset: 'custom', characters: canary })],
      [field('a', 'ssh_keypair', { comment: `${canary}\n` })],
      [field('a', 'ec_keypair', { curve: canary, public_field: 'b' })],
      [{ name: 'a', generator: 'hex', config: bytes(`{"length":"${canary}`) }],
    ]) {
      const refusal = refusalOf(() => parseRecipe(fields));
      expect(`${refusal.message} ${JSON.stringify(refusal)} ${String(refusal.cause)}`).not.toContain(canary);
    }
  });
});
