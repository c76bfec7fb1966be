import { type CharacterClass, holdsClass } from '../characters/character-class.ts';
import type { Charset } from '../characters/charset.ts';
import { drawText, textBits } from '../characters/draw-text.ts';
import { readCharset } from '../characters/read-charset.ts';
import { shareHolding } from '../characters/share-holding.ts';
import type { ConfigReader } from '../config-reader.ts';
import type { GeneratorKind } from '../generator.ts';

const requirements = [
  ['require_upper', 'upper'],
  ['require_lower', 'lower'],
  ['require_digit', 'digit'],
  ['require_symbol', 'symbol'],
] as const satisfies readonly (readonly [member: string, characterClass: CharacterClass])[];

/**
 * Redrawing takes one over the accepted share tries on average and keeps everybody else waiting, so it is bounded here:
 * a hundred tries, a thousand with a probability of e^-10. The named charsets need at most 38; beyond the bound are only
 * short texts of custom sets with next to nothing of what is required.
 */
const leastAcceptedShare = 1 / 100;

const readRequiredClasses = (config: ConfigReader, { rest }: Charset): readonly CharacterClass[] =>
  requirements.flatMap(([member, characterClass]) => {
    if (!config.flag(member)) return [];
    // Whatever a text may begin with may also stand later.
    if (!holdsClass(rest, characterClass)) throw config.unsound(member, 'conflict', 'cannot be met by the charset');
    return [characterClass];
  });

/** Characters of a charset, all equally likely among the texts that meet the requirements. */
export const random: GeneratorKind = {
  members: ['length', 'charset', 'characters', ...requirements.map(([member]) => member)],
  read(config, name) {
    // Four is also the number of classes, so that no length is too short for what is required.
    const length = config.integer('length', { fallback: 32, least: 4, most: 1024 });
    const charset = readCharset(config);
    const required = readRequiredClasses(config, charset);
    const acceptedShare = shareHolding(charset, length, required);
    if (acceptedShare < leastAcceptedShare) {
      throw config.unsound('characters', 'conflict', 'has too few of what is required for texts of this length');
    }
    return {
      entropyBits: textBits(charset, length) + Math.log2(acceptedShare),
      async generate({ randomBytes }) {
        // The whole text again: to mend a single place would make some texts likelier than others.
        for (;;) {
          const text = drawText(charset, length, randomBytes);
          if (required.every((characterClass) => holdsClass(text, characterClass))) return [[name, text]];
        }
      },
    };
  },
};
