import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { GeneratorKind } from '../generator.ts';
import { pemEncoding } from './pem-encoding.ts';
import { readPublicField } from './read-public-field.ts';

const generatePair = promisify(generateKeyPair);

/** Security strength, half the bits of the curve (NIST SP 800-57 part 1, table 2). */
const curveStrength = { 'P-256': 128, 'P-384': 192 } as const;

export const ecKeypair: GeneratorKind = {
  members: ['curve', 'public_field'],
  read(config, name) {
    const curve = config.choice('curve', ['P-256', 'P-384']);
    const publicName = readPublicField(config, name);
    return {
      entropyBits: curveStrength[curve],
      async generate() {
        const { privateKey, publicKey } = await generatePair('ec', { namedCurve: curve, ...pemEncoding });
        return [
          [name, privateKey],
          [publicName, publicKey],
        ];
      },
    };
  },
};
