import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { generate } from '../generate.ts';
import { parseRecipe } from '../parse-recipe.ts';

const sources = { randomBytes, nowMs: Date.now };

const draw = (generator: string, config: object, name = 'key') =>
  generate(parseRecipe([{ name, generator, config: Buffer.from(JSON.stringify(config)) }]), sources);

const message = Buffer.from('to be signed');

describe.each([
  ['rsa_keypair', {}, { modulusLength: 2048, publicExponent: 65_537n }],
  ['rsa_keypair', { bits: 2048 }, { modulusLength: 2048 }],
  ['rsa_keypair', { bits: 4096 }, { modulusLength: 4096, publicExponent: 65_537n }],
  ['ec_keypair', {}, { namedCurve: 'prime256v1' }],
  ['ec_keypair', { curve: 'P-256' }, { namedCurve: 'prime256v1' }],
  ['ec_keypair', { curve: 'P-384' }, { namedCurve: 'secp384r1' }],
])('%s with %j', (generator, config, expected) => {
  it('is a private key and the public one that belongs to it', async () => {
    const { key = '', key_public: publicKey = '', ...others } = await draw(generator, config);
    expect(others).toEqual({});
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n[^-]+\n-----END PRIVATE KEY-----\n$/);
    expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n[^-]+\n-----END PUBLIC KEY-----\n$/);
    expect(createPrivateKey(key).asymmetricKeyDetails).toMatchObject(expected);
    expect(createPublicKey(publicKey).asymmetricKeyDetails).toMatchObject(expected);
    expect(verify('sha256', message, publicKey, sign('sha256', message, key))).toBe(true);
  });
});

describe('a key pair', () => {
  it.each(['rsa_keypair', 'ec_keypair', 'ssh_keypair'])('of %s is another one each time', async (generator) => {
    const pairs = [await draw(generator, {}), await draw(generator, {})];
    expect(new Set(pairs.flatMap((pair) => Object.values(pair))).size).toBe(4);
  });

  it.each([
    ['private_key', {}, ['private_key', 'public_key']],
    ['tls', {}, ['tls', 'tls_public']],
    ['private_key', { public_field: 'verifier' }, ['private_key', 'verifier']],
  ])('called %s with %j is written into its two names', async (name, config, names) => {
    for (const generator of ['rsa_keypair', 'ec_keypair', 'ssh_keypair']) {
      expect(Object.keys(await draw(generator, config, name))).toEqual(names);
    }
  });

  it('lets others work while it is made', async () => {
    let isDone = false;
    const drawing = draw('rsa_keypair', { bits: 4096 }).finally(() => {
      isDone = true;
    });
    await setImmediate();
    expect(isDone).toBe(false);
    await drawing;
  });
});
