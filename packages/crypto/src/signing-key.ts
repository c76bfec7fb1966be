import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** An Ed25519 key (RFC 8032) that signs. */
export interface SigningKey {
  /** The JWK thumbprint of the public half (see `signingKeyId`). */
  readonly keyId: string;
  /** 32 raw bytes. */
  readonly publicKey: Buffer;
  /** The signature, 64 bytes. */
  sign(message: Uint8Array): Buffer;
}

/** Bytes of the public half. */
const publicBytes = 32;

const asJwk = (publicKey: Uint8Array) => ({
  crv: 'Ed25519',
  kty: 'OKP',
  x: Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('base64url'),
});

/** The name of a raw Ed25519 public key that no other key can bear: its JWK thumbprint, base64url (RFC 7638, RFC 8037 A.3). */
export const signingKeyId = (publicKey: Uint8Array): string =>
  createHash('sha256')
    .update(JSON.stringify(asJwk(publicKey)))
    .digest('base64url');

/** A raw Ed25519 public key, 32 bytes, for `verify` of node:crypto. */
export const importSigningPublicKey = (publicKey: Uint8Array): KeyObject => {
  if (publicKey.length !== publicBytes) throw new RangeError(`An Ed25519 public key has ${publicBytes} bytes.`);
  return createPublicKey({ key: asJwk(publicKey), format: 'jwk' });
};

const signingKeyOf = (privateKey: KeyObject): SigningKey => {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' }) as { x?: string };
  const publicKey = Buffer.from(x, 'base64url');
  return { keyId: signingKeyId(publicKey), publicKey, sign: (message) => sign(null, message, privateKey) };
};

/** A new key and its private half as PKCS #8 (48 bytes), which the caller seals and wipes. */
export const generateSigningKey = (): { readonly key: SigningKey; readonly pkcs8: Buffer } => {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { key: signingKeyOf(privateKey), pkcs8: privateKey.export({ format: 'der', type: 'pkcs8' }) };
};

/** Takes over the private half as `generateSigningKey` gave it, and wipes the bytes; an Error when it is no such key. */
export const takeSigningKey = (pkcs8: Buffer): SigningKey => {
  try {
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('A signing key is not of the kind Ed25519.');
    return signingKeyOf(key);
  } finally {
    pkcs8.fill(0);
  }
};
