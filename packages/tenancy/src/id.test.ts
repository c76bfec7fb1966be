import { describe, expect, it } from 'vitest';
import { type IdPrefix, idPrefixes, isId, newId } from './id.ts';

describe('newId', () => {
  it('makes ids of the prefix and 26 ULID characters that rise within the process', () => {
    const ids = Array.from({ length: 5_000 }, () => newId('pol'));
    expect(ids[0]).toMatch(/^pol_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('makes ids that isId knows, for every prefix', () => {
    for (const prefix of Object.keys(idPrefixes) as IdPrefix[]) expect(isId(prefix, newId(prefix))).toBe(true);
  });
});

describe('isId', () => {
  const ulid = '01J9ZC3V7M8Q2T5W6X0Y1A2B3C';

  it.each([
    ['another prefix', `bnd_${ulid}`],
    ['no prefix', ulid],
    ['lower case', `pol_${ulid.toLowerCase()}`],
    ['a letter outside Crockford base-32', `pol_${ulid.replace('C', 'U')}`],
    ['one character too few', `pol_${ulid.slice(1)}`],
    ['one character too many', `pol_${ulid}0`],
    ['a line feed behind', `pol_${ulid}\n`],
    ['more than 128 bits', `pol_8${ulid.slice(1)}`],
  ])('refuses %s', (_what, text) => {
    expect(isId('pol', `pol_${ulid}`)).toBe(true);
    expect(isId('pol', text)).toBe(false);
  });
});
