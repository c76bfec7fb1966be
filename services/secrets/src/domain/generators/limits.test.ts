import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { entropyBits } from './entropy-bits.ts';
import { generate } from './generate.ts';
import { parseRecipe } from './parse-recipe.ts';

const recipeOf = (generator: string, config: object) =>
  parseRecipe([{ name: 'value', generator, config: Buffer.from(JSON.stringify(config)) }]);

const draw = async (generator: string, config: object): Promise<string> => {
  const { value = '' } = await generate(recipeOf(generator, config), { randomBytes, nowMs: Date.now });
  return value;
};

describe('what comes of a config, its defaults and both ends of its limits', () => {
  it.each([
    ['random', {}, /^[A-Za-z0-9]{32}$/],
    ['random', { length: 4 }, /^[A-Za-z0-9]{4}$/],
    ['random', { length: 1024 }, /^[A-Za-z0-9]{1024}$/],
    ['random', { charset: 'alphanumeric' }, /^[A-Za-z0-9]{32}$/],
    ['random', { charset: 'alpha' }, /^[A-Za-z]{32}$/],
    ['random', { charset: 'numeric' }, /^[0-9]{32}$/],
    ['random', { charset: 'safe', length: 1024 }, /^[A-HJ-NP-Za-km-z2-9][A-HJ-NP-Za-km-z2-9_.~-]{1023}$/],
    ['random', { charset: 'ascii', length: 1024 }, /^[!-~]{1024}$/],
    ['random', { charset: 'custom', characters: 'xy' }, /^[xy]{32}$/],
    ['hex', {}, /^[0-9a-f]{64}$/],
    ['hex', { length: 2 }, /^[0-9a-f]{2}$/],
    ['hex', { length: 3 }, /^[0-9a-f]{3}$/],
    ['hex', { length: 1024 }, /^[0-9a-f]{1024}$/],
    ['uuid', {}, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ['uuid', { version: 4 }, /^.{14}4/],
    ['uuid', { version: 7 }, /^.{14}7/],
    ['static', { value: '' }, /^$/],
    ['static', { value: 'user\nna"me' }, /^user\nna"me$/],
    ['static', { value: '😀'.repeat(4096) }, /^😀{4096}$/u],
  ])('%s with %j', async (generator, config, form) => {
    expect(await draw(generator, config)).toMatch(form);
  });

  it('random with all printable characters in a custom charset', async () => {
    const characters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join('');
    expect(await draw('random', { charset: 'custom', characters, length: 1024 })).toMatch(/^[!-~]{1024}$/);
  });

  it('ssh_keypair with a comment of 128 characters', () => {
    expect(recipeOf('ssh_keypair', { comment: '😀'.repeat(128) })).toHaveLength(1);
  });
});

describe('an unsound config', () => {
  it.each([
    ['random', { length: 3 }, 'length', 'range'],
    ['random', { length: 1025 }, 'length', 'range'],
    ['random', { length: -32 }, 'length', 'range'],
    ['random', { charset: 'hex' }, 'charset', 'enum'],
    ['random', { charset: 'toString' }, 'charset', 'enum'],
    ['random', { charset: 'custom' }, 'characters', 'conflict'],
    ['random', { characters: 'ab' }, 'characters', 'conflict'],
    ['random', { charset: 'alpha', characters: 'ab' }, 'characters', 'conflict'],
    ['random', { charset: 'custom', characters: '' }, 'characters', 'length'],
    ['random', { charset: 'custom', characters: 'a' }, 'characters', 'length'],
    ['random', { charset: 'custom', characters: 'a'.repeat(95) }, 'characters', 'length'],
    ['random', { charset: 'custom', characters: 'aba' }, 'characters', 'conflict'],
    ['random', { charset: 'custom', characters: 'ab ' }, 'characters', 'format'],
    ['random', { charset: 'custom', characters: 'abé' }, 'characters', 'format'],
    ['random', { charset: 'custom', characters: 'ab\n' }, 'characters', 'format'],
    ['random', { charset: 'custom', characters: 'ab\u007f' }, 'characters', 'format'],
    ['random', { charset: 'alpha', require_digit: true }, 'require_digit', 'conflict'],
    ['random', { charset: 'alphanumeric', require_symbol: true }, 'require_symbol', 'conflict'],
    ['random', { charset: 'numeric', require_upper: true }, 'require_upper', 'conflict'],
    ['random', { charset: 'numeric', require_lower: true }, 'require_lower', 'conflict'],
    ['random', { charset: 'custom', characters: 'A1', require_lower: true }, 'require_lower', 'conflict'],
    ['hex', { length: 1 }, 'length', 'range'],
    ['hex', { length: 1025 }, 'length', 'range'],
    ['uuid', { version: 1 }, 'version', 'enum'],
    ['uuid', { version: 4.5 }, 'version', 'enum'],
    ['rsa_keypair', { bits: 1024 }, 'bits', 'enum'],
    ['rsa_keypair', { bits: 3072 }, 'bits', 'enum'],
    ['ec_keypair', { curve: 'P-521' }, 'curve', 'enum'],
    ['ec_keypair', { curve: 'p-256' }, 'curve', 'enum'],
    ['ssh_keypair', { key_type: 'dsa' }, 'key_type', 'enum'],
    ['ssh_keypair', { comment: 'c'.repeat(129) }, 'comment', 'length'],
    ['ssh_keypair', { comment: 'a\nssh-ed25519 AAAA' }, 'comment', 'format'],
    ['ssh_keypair', { comment: 'a\rb' }, 'comment', 'format'],
    ['ssh_keypair', { comment: 'a\tb' }, 'comment', 'format'],
    ['ssh_keypair', { comment: '\u0085' }, 'comment', 'format'],
    ['ssh_keypair', { comment: '\u2028' }, 'comment', 'format'],
    ['ssh_keypair', { comment: '\u2029' }, 'comment', 'format'],
    ['ssh_keypair', { comment: 'a\u001b[2J' }, 'comment', 'format'],
    ['bcrypt_hash', { length: 7 }, 'length', 'range'],
    ['bcrypt_hash', { length: 73 }, 'length', 'range'],
    ['bcrypt_hash', { rounds: 9 }, 'rounds', 'range'],
    ['bcrypt_hash', { rounds: 15 }, 'rounds', 'range'],
    ['static', { value: 'v'.repeat(4097) }, 'value', 'length'],
    ['static', { value: 'a\0' }, 'value', 'format'],
    ['static', { value: '\ud800' }, 'value', 'format'],
  ])('of %s is %j', (generator, config, member, reason) => {
    expect(() => recipeOf(generator, config)).toThrow(
      expect.objectContaining({
        code: 'invalid_config',
        details: { field: `fields[0].config.${member}`, reason },
      }),
    );
  });
});

describe('the bits of a field', () => {
  it.each([
    ['hex', {}, 256],
    ['hex', { length: 7 }, 28],
    ['uuid', {}, 122],
    ['uuid', { version: 7 }, 74],
    ['rsa_keypair', {}, 112],
    ['rsa_keypair', { bits: 4096 }, 152],
    ['ec_keypair', {}, 128],
    ['ec_keypair', { curve: 'P-384' }, 192],
    ['ssh_keypair', {}, 128],
    ['ssh_keypair', { key_type: 'rsa' }, 152],
    ['bcrypt_hash', {}, 24 * Math.log2(62)],
    ['static', { value: 'constant' }, 0],
  ])('made by %s with %j', (generator, config, bits) => {
    expect(entropyBits(recipeOf(generator, config))).toEqual({ value: expect.closeTo(bits, 9) });
  });
});
