import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { GeneratorKind } from '../generator.ts';
import { pemEncoding } from './pem-encoding.ts';
import { readPublicField } from './read-public-field.ts';

const generatePair = promisify(generateKeyPair);

/** Security strength by bits of the modulus (NIST SP 800-57 part 1, table 2; SP 800-56B revision 2, appendix D). */
export const rsaStrength = { 2048: 112, 4096: 152 } as const;

export const rsaKeypair: GeneratorKind = {
  members: ['bits', 'public_field'],
  read(config, name) {
    const bits = config.choice('bits', [2048, 4096]);
    const publicName = readPublicField(config, name);
    return {
      entropyBits: rsaStrength[bits],
      async generate() {
        const { privateKey, publicKey } = await generatePair('rsa', { modulusLength: bits, ...pemEncoding });
        return [
          [name, privateKey],
          [publicName, publicKey],
        ];
      },
    };
  },
};
