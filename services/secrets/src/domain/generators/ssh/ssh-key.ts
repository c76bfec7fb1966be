import type { KeyObject } from 'node:crypto';
import { mpint, string } from './wire.ts';

/** A key in the pieces of which its two files are made. */
export interface SshKey {
  readonly type: 'ssh-ed25519' | 'ssh-rsa';
  /** What a verifier needs, behind the type (RFC 8709, 4; RFC 4253, 6.6). */
  readonly publicPart: Uint8Array;
  /** What a signer needs, behind the type (draft-ietf-sshm-ssh-agent, on adding keys). */
  readonly privatePart: Uint8Array;
}

/** Takes a private key of type ed25519 or rsa. */
export const sshKey = (privateKey: KeyObject): SshKey => {
  const jwk: Readonly<Record<string, unknown>> = { ...privateKey.export({ format: 'jwk' }) };
  const member = (name: string): Buffer => {
    const text = jwk[name];
    if (typeof text !== 'string') throw new TypeError(`A private key of type ${String(jwk.kty)} has no ${name}`);
    return Buffer.from(text, 'base64url');
  };
  const numbers = (names: readonly string[]): Buffer => Buffer.concat(names.map((name) => mpint(member(name))));

  if (jwk.kty === 'RSA') {
    return {
      type: 'ssh-rsa',
      publicPart: numbers(['e', 'n']),
      privatePart: numbers(['n', 'e', 'd', 'qi', 'p', 'q']),
    };
  }
  const publicPart = string(member('x'));
  return {
    type: 'ssh-ed25519',
    publicPart,
    // The secret half repeats the public one, for signing needs both.
    privatePart: Buffer.concat([publicPart, string(Buffer.concat([member('d'), member('x')]))]),
  };
};
