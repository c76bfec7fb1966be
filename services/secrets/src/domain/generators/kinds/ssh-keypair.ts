import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { GeneratorKind } from '../generator.ts';
import { formatPrivateKey } from '../ssh/format-private-key.ts';
import { formatPublicKey } from '../ssh/format-public-key.ts';
import { sshKey } from '../ssh/ssh-key.ts';
import { readPublicField } from './read-public-field.ts';
import { rsaStrength } from './rsa-keypair.ts';

const generatePair = promisify(generateKeyPair);

const keyTypes = {
  // The security level Ed25519 is made for (RFC 8032, 1).
  ed25519: { strength: 128, generate: () => generatePair('ed25519') },
  rsa: { strength: rsaStrength[4096], generate: () => generatePair('rsa', { modulusLength: 4096 }) },
} as const;

/** A public key is a line: what breaks a line would make a second one, and name a key that nobody asked for. */
const breaksLines = /[\p{Cc}\p{Zl}\p{Zp}]/u;

export const sshKeypair: GeneratorKind = {
  members: ['key_type', 'comment', 'public_field'],
  read(config, name) {
    const { strength, generate } = keyTypes[config.choice('key_type', ['ed25519', 'rsa'])];
    const comment = config.text('comment', { fallback: '', most: 128 });
    if (breaksLines.test(comment)) {
      throw config.unsound('comment', 'format', 'must have no line breaks and no control characters');
    }
    const publicName = readPublicField(config, name);
    return {
      entropyBits: strength,
      async generate({ randomBytes }) {
        const key = sshKey((await generate()).privateKey);
        return [
          [name, formatPrivateKey(key, comment, randomBytes(4))],
          [publicName, formatPublicKey(key, comment)],
        ];
      },
    };
  },
};
