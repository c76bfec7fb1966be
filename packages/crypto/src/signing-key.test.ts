import { verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateSigningKey, importSigningPublicKey, signingKeyId, takeSigningKey } from './signing-key.ts';

/** Header of an Ed25519 private key in PKCS #8; the 32 bytes of RFC 8032 follow (RFC 8410, section 7). */
const pkcs8Of = (secret: string): Buffer =>
  Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(secret, 'hex')]);

describe('an Ed25519 signing key', () => {
  it.each([
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
  ])('signs as RFC 8032 7.1 shows (%s)', (secret, publicKey, message, signature) => {
    const key = takeSigningKey(pkcs8Of(secret));
    expect(key.publicKey.toString('hex')).toBe(publicKey);
    expect(key.sign(Buffer.from(message, 'hex')).toString('hex')).toBe(signature);
  });

  it('is named as RFC 8037 A.3 shows', () => {
    const publicKey = Buffer.from('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', 'base64url');
    expect(signingKeyId(publicKey)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('is the same key when its private half was taken over, whose bytes are gone then', () => {
    const { key, pkcs8 } = generateSigningKey();
    const taken = takeSigningKey(pkcs8);
    expect(pkcs8.every((byte) => byte === 0)).toBe(true);
    expect(taken.keyId).toBe(key.keyId);
    const message = Buffer.from('head');
    expect(verify(null, message, importSigningPublicKey(key.publicKey), taken.sign(message))).toBe(true);
    expect(verify(null, Buffer.from('heaD'), importSigningPublicKey(key.publicKey), taken.sign(message))).toBe(false);
  });

  it('is not made of anything else', () => {
    expect(() => takeSigningKey(Buffer.from('nonsense'))).toThrow();
    expect(() => importSigningPublicKey(Buffer.alloc(31))).toThrow(RangeError);
  });
});
