import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generate } from '../generate.ts';
import { parseRecipe } from '../parse-recipe.ts';
import type { RandomBytes } from '../sources.ts';

const draw = async (config: object, source: RandomBytes = randomBytes) => {
  const recipe = parseRecipe([
    { name: 'private_key', generator: 'ssh_keypair', config: Buffer.from(JSON.stringify(config)) },
  ]);
  const { private_key: file = '', public_key: line = '' } = await generate(recipe, {
    randomBytes: source,
    nowMs: Date.now,
  });
  return { file, line };
};

/** Reads what RFC 4251 calls strings, one after another. */
const reader = (bytes: Buffer) => {
  let at = 0;
  const take = (size: number): Buffer => {
    at += size;
    return bytes.subarray(at - size, at);
  };
  return { take, string: () => take(take(4).readUInt32BE()), rest: () => bytes.subarray(at) };
};

/** The pieces of an OpenSSH private key file, by OpenSSH's PROTOCOL.key. */
const open = (file: string) => {
  const body =
    /^-----BEGIN OPENSSH PRIVATE KEY-----\n((?:[A-Za-z0-9+/=]{1,70}\n)+)-----END OPENSSH PRIVATE KEY-----\n$/;
  const outer = reader(Buffer.from(body.exec(file)?.[1] ?? '', 'base64'));
  const head = outer.take(15).toString('latin1');
  const [cipher, kdf, kdfOptions] = [outer.string(), outer.string(), outer.string()].map(String);
  const keys = outer.take(4).readUInt32BE();
  const publicBlob = outer.string();
  const signer = outer.string();
  return { facts: { head, cipher, kdf, kdfOptions, keys }, publicBlob, signer, rest: outer.rest() };
};

const base64url = (bytes: Buffer): string => bytes.toString('base64url');
const message = Buffer.from('to be signed');

describe('ssh_keypair', () => {
  it('is an Ed25519 key in the two files of OpenSSH', async () => {
    const { file, line } = await draw({ comment: 'deploy@é' });
    const { facts, publicBlob, signer, rest } = open(file);
    expect(facts).toEqual({ head: 'openssh-key-v1\0', cipher: 'none', kdf: 'none', kdfOptions: '', keys: 1 });
    expect(rest).toHaveLength(0);
    expect(line).toBe(`ssh-ed25519 ${publicBlob.toString('base64')} deploy@é`);

    const outside = reader(publicBlob);
    expect(String(outside.string())).toBe('ssh-ed25519');
    const point = outside.string();
    expect(outside.rest()).toHaveLength(0);

    const inside = reader(signer);
    expect(inside.take(4)).toEqual(inside.take(4));
    expect(String(inside.string())).toBe('ssh-ed25519');
    expect(inside.string()).toEqual(point);
    const secret = inside.string();
    expect(secret.subarray(32)).toEqual(point);
    expect(String(inside.string())).toBe('deploy@é');

    const jwk = { kty: 'OKP', crv: 'Ed25519', x: base64url(point) };
    const privateKey = createPrivateKey({
      key: { ...jwk, d: base64url(secret.subarray(0, 32)) },
      format: 'jwk',
    });
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    expect(verify(null, message, publicKey, sign(null, message, privateKey))).toBe(true);
  });

  it('is an RSA key of 4096 bits when asked for', async () => {
    const { file, line } = await draw({ key_type: 'rsa' });
    const { publicBlob, signer } = open(file);
    expect(line).toBe(`ssh-rsa ${publicBlob.toString('base64')}`);

    const outside = reader(publicBlob);
    expect(String(outside.string())).toBe('ssh-rsa');
    const [e, n] = [outside.string(), outside.string()];

    const inside = reader(signer);
    inside.take(8);
    expect(String(inside.string())).toBe('ssh-rsa');
    const number = () => BigInt(`0x${inside.string().toString('hex')}`);
    const [modulus, exponent, d, inverse, p, q] = [number(), number(), number(), number(), number(), number()];
    expect(BigInt(`0x${n.toString('hex')}`)).toBe(modulus);
    expect(BigInt(`0x${e.toString('hex')}`)).toBe(exponent);
    expect(exponent).toBe(65_537n);
    expect(modulus.toString(2)).toHaveLength(4096);
    expect(p * q).toBe(modulus);
    expect((inverse * q) % p).toBe(1n);
    expect((d * exponent) % (p - 1n)).toBe(1n);
    expect((d * exponent) % (q - 1n)).toBe(1n);
  });

  it('is padded to whole blocks of eight with 1, 2, 3, whatever its comment', async () => {
    for (let length = 0; length <= 9; length += 1) {
      const { signer } = open((await draw({ comment: 'c'.repeat(length) })).file);
      expect(signer.length % 8).toBe(0);
      const inside = reader(signer);
      inside.take(8);
      for (let strings = 0; strings < 4; strings += 1) inside.string();
      const padding = [...inside.rest()];
      expect(padding.length).toBeLessThan(8);
      expect(padding).toEqual([1, 2, 3, 4, 5, 6, 7].slice(0, padding.length));
    }
  });

  it('draws its check bytes', async () => {
    const { file } = await draw({}, (size) => new Uint8Array(size).fill(0xa5));
    expect(open(file).signer.subarray(0, 8).toString('hex')).toBe('a5'.repeat(8));
  });

  it('has a public line without a trailing blank when it has no comment', async () => {
    expect((await draw({})).line).toMatch(/^ssh-ed25519 AAAA[A-Za-z0-9+/]+=*$/);
  });
});
