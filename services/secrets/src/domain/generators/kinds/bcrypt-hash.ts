import { hash } from '@node-rs/bcrypt';
import { charsets } from '../characters/charset.ts';
import { drawText, textBits } from '../characters/draw-text.ts';
import type { GeneratorKind } from '../generator.ts';

/** bcrypt looks at no more bytes of a password (Provos and Mazières, A Future-Adaptable Password Scheme, 1999). */
const mostBytes = 72;

/** An alphanumeric password and its hash. Guessing goes for the password, so its bits are those of the field. */
export const bcryptHash: GeneratorKind = {
  members: ['length', 'rounds', 'hash_field'],
  read(config, name) {
    const length = config.integer('length', { fallback: 24, least: 8, most: mostBytes });
    const cost = config.integer('rounds', { fallback: 12, least: 10, most: 14 });
    const hashName = config.name('hash_field', `${name}_hash`);
    return {
      entropyBits: textBits(charsets.alphanumeric, length),
      async generate({ randomBytes }) {
        const password = drawText(charsets.alphanumeric, length, randomBytes);
        // Hundreds of milliseconds, on a thread of the pool.
        const hashed = await hash(password, { cost, salt: randomBytes(16), rejectLongPasswords: true });
        return [
          [name, password],
          [hashName, hashed],
        ];
      },
    };
  },
};
