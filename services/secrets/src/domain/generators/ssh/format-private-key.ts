import { publicBlob } from './format-public-key.ts';
import type { SshKey } from './ssh-key.ts';
import { string, uint32 } from './wire.ts';

/** Of the cipher `none`. */
const blockBytes = 8;
const lineCharacters = 70;

const armour = (bytes: Buffer): string =>
  [
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    ...(bytes.toString('base64').match(new RegExp(`.{1,${lineCharacters}}`, 'g')) ?? []),
    '-----END OPENSSH PRIVATE KEY-----',
    // ssh refuses a file without a last line break.
    '',
  ].join('\n');

/** 1, 2, 3 and so on up to the next block. */
const padding = (length: number): Buffer =>
  Buffer.from(Array.from({ length: (blockBytes - (length % blockBytes)) % blockBytes }, (_, index) => index + 1));

/**
 * The private key as `ssh-keygen` writes it, not encrypted (OpenSSH, PROTOCOL.key). The four check bytes stand in it
 * twice: a reader with a wrong passphrase would find them unlike.
 */
export const formatPrivateKey = (key: SshKey, comment: string, checkBytes: Uint8Array): string => {
  const signer = Buffer.concat([checkBytes, checkBytes, string(key.type), key.privatePart, string(comment)]);
  return armour(
    Buffer.concat([
      Buffer.from('openssh-key-v1\0'),
      string('none'), // cipher
      string('none'), // key derivation
      string(''), // its options
      uint32(1), // keys in this file
      string(publicBlob(key)),
      string(Buffer.concat([signer, padding(signer.length)])),
    ]),
  );
};
