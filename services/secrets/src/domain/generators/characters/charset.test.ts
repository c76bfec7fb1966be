import { describe, expect, it } from 'vitest';
import { charsets } from './charset.ts';

const rangesOf = (text: string): string =>
  text.replaceAll(/(.)-(.)/g, (_all, from: string, to: string) => {
    const start = from.charCodeAt(0);
    return String.fromCharCode(...Array.from({ length: to.charCodeAt(0) - start + 1 }, (_, index) => start + index));
  });
const sorted = (text: string): string => [...text].sort().join('');

/** The table of rest-api-core 5, written down a second time. */
const table = [
  ['alphanumeric', rangesOf('A-Za-z0-9'), 62],
  ['alpha', rangesOf('A-Za-z'), 52],
  ['numeric', rangesOf('0-9'), 10],
  ['safe', `${rangesOf('A-HJ-NP-Za-km-z2-9')}-_.~`, 61],
  ['ascii', rangesOf('!-~'), 94],
] as const;

describe('charsets', () => {
  it.each(table)('%s has its characters, each once', (name, characters, size) => {
    expect(charsets[name].rest).toHaveLength(size);
    expect(sorted(charsets[name].rest)).toBe(sorted(characters));
  });

  it('begin with any of their characters, but safe with a letter or digit', () => {
    expect(Object.entries(charsets).filter(([, { first, rest }]) => first !== rest)).toHaveLength(1);
    expect(sorted(charsets.safe.first)).toBe(sorted(charsets.safe.rest.replaceAll(/[^A-Za-z0-9]/g, '')));
    expect(charsets.safe.first).toHaveLength(57);
  });
});
