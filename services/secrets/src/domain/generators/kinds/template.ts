import { charsets } from '../characters/charset.ts';
import { drawText, textBits } from '../characters/draw-text.ts';
import type { ConfigReader } from '../config-reader.ts';
import type { GeneratorKind } from '../generator.ts';
import type { Sources } from '../sources.ts';
import { drawHex } from './hex.ts';
import { drawUuid4, uuid4Bits } from './uuid.ts';

interface Part {
  readonly bits: number;
  draw(sources: Sources): string;
}

const literal = (text: string): Part => ({ bits: 0, draw: () => text });

const placeholder = /\{\{(.*?)\}\}/;
const counted = /^(random|hex):(0|[1-9][0-9]*)$/;

const fixedParts: ReadonlyMap<string, Part> = new Map([
  ['uuid', { bits: uuid4Bits, draw: drawUuid4 }],
  // Anybody can know the time.
  ['timestamp', { bits: 0, draw: ({ nowMs }: Sources) => String(Math.floor(nowMs() / 1000)) }],
]);

const countedPart = (kind: string, count: number): Part =>
  kind === 'hex'
    ? { bits: 4 * count, draw: ({ randomBytes }) => drawHex(count, randomBytes) }
    : {
        bits: textBits(charsets.alphanumeric, count),
        draw: ({ randomBytes }) => drawText(charsets.alphanumeric, count, randomBytes),
      };

const readPlaceholder = (word: string, config: ConfigReader): Part => {
  const fixed = fixedParts.get(word);
  if (fixed !== undefined) return fixed;
  const [, kind, digits] = counted.exec(word) ?? [];
  if (kind === undefined) {
    throw config.unsound(
      'template',
      'format',
      'must have no other placeholders than {{random:N}}, {{hex:N}}, {{uuid}} and {{timestamp}}',
    );
  }
  const count = Number(digits);
  if (count < 1 || count > 256) throw config.unsound('template', 'range', 'must have N from 1 to 256');
  return countedPart(kind, count);
};

const readParts = (template: string, config: ConfigReader): readonly Part[] =>
  // Splitting by a pattern with a group puts what was between the braces at every odd index.
  template.split(placeholder).map((piece, index) => {
    if (index % 2 === 1) return readPlaceholder(piece, config);
    // A misspelt placeholder would stand in every value as it is.
    if (piece.includes('{{') || piece.includes('}}')) {
      throw config.unsound('template', 'format', 'must have {{ and }} around placeholders only');
    }
    return literal(piece);
  });

/** A text with drawn parts in it; the placeholders have fixed lengths, so the parts' bits add up. */
export const template: GeneratorKind = {
  members: ['template'],
  read(config, name) {
    const parts = readParts(config.text('template', { most: 1024 }), config);
    // Its author expects a drawn value; who wants a constant says so with `static`.
    if (parts.length === 1) throw config.unsound('template', 'format', 'must have a placeholder');
    return {
      entropyBits: parts.reduce((sum, { bits }) => sum + bits, 0),
      generate: async (sources) => [[name, parts.map((part) => part.draw(sources)).join('')]],
    };
  },
};
