import type { ConfigReader } from '../config-reader.ts';
import { type Charset, charsets, evenCharset } from './charset.ts';

const printableOnly = /^[!-~]*$/;

const readCharacters = (config: ConfigReader): string => {
  const characters = config.text('characters', { most: 94 });
  if (!printableOnly.test(characters)) {
    throw config.unsound('characters', 'format', 'must be printable ASCII, without the space');
  }
  if (characters.length < 2) throw config.unsound('characters', 'length', 'must have at least 2 characters');
  if (new Set(characters).size < characters.length) {
    throw config.unsound('characters', 'conflict', 'must name each character once');
  }
  return characters;
};

/** The pair `charset` and `characters` of a config; the latter belongs to `custom` and to nothing else. */
export const readCharset = (config: ConfigReader): Charset => {
  const name = config.choice('charset', ['alphanumeric', 'alpha', 'numeric', 'safe', 'ascii', 'custom']);
  if (name === 'custom') {
    if (!config.has('characters')) throw config.unsound('characters', 'conflict', 'is needed with charset custom');
    return evenCharset(readCharacters(config));
  }
  if (config.has('characters')) throw config.unsound('characters', 'conflict', 'goes with charset custom only');
  return charsets[name];
};
