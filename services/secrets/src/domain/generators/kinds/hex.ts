import type { GeneratorKind } from '../generator.ts';
import type { RandomBytes } from '../sources.ts';

/** Lower-case hexadecimal digits, four bits each; of an odd number the last half byte is dropped. */
export const drawHex = (length: number, randomBytes: RandomBytes): string =>
  Buffer.from(randomBytes(Math.ceil(length / 2)))
    .toString('hex')
    .slice(0, length);

export const hex: GeneratorKind = {
  members: ['length'],
  read(config, name) {
    const length = config.integer('length', { fallback: 64, least: 2, most: 1024 });
    return { entropyBits: 4 * length, generate: async ({ randomBytes }) => [[name, drawHex(length, randomBytes)]] };
  },
};
