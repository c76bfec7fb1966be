import { isVaultError } from '@scaivault/errors';
import { parsePartnerId, partnerScope, scopeId } from '@scaivault/tenancy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CiphertextPlace, encodeAad } from './encode-aad.ts';

// Digits, NUL and separators, so that a boundary between two fields can slip in every way that a sloppy encoding allows.
const field = fc.string({ unit: fc.constantFrom('\0', '\u0001', '\u0004', '1', '2', ':', '/', 'é'), maxLength: 4 });
const partner = fc.constantFrom('1', '2', '12').map((text) => scopeId(partnerScope(parsePartnerId(text))));
const version = fc.oneof(fc.constantFrom(0, 1, 2, 11, 12, 21, 121), fc.maxSafeNat());
const place: fc.Arbitrary<CiphertextPlace> = fc.record(
  { purpose: field, scopeId: partner, pathId: field, version, contentId: field },
  { requiredKeys: ['purpose', 'scopeId', 'pathId', 'version'] },
);

const home: CiphertextPlace = {
  purpose: 'secret',
  scopeId: scopeId(partnerScope(parsePartnerId('p1'))),
  pathId: 'a',
  version: 3,
};

const refused = expect.toSatisfy((error) => isVaultError(error, 'internal_error'));

describe('encodeAad', () => {
  it('never encodes two different places equal, and one place always the same', () => {
    const same = (a: CiphertextPlace, b: CiphertextPlace): boolean =>
      a.purpose === b.purpose &&
      a.scopeId === b.scopeId &&
      a.pathId === b.pathId &&
      a.version === b.version &&
      a.contentId === b.contentId;
    fc.assert(
      fc.property(place, place, (a, b) => {
        expect(encodeAad(a).equals(encodeAad(b))).toBe(same(a, b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps a character from moving over to the neighbouring field', () => {
    fc.assert(
      fc.property(place, fc.constantFrom('1', '\0', ':'), (start, moved) => {
        const left = encodeAad({ ...start, purpose: start.purpose + moved });
        const right = encodeAad({ ...start, pathId: moved + start.pathId });
        expect(left.equals(right)).toBe(false);
      }),
    );
  });

  it('is the encoding of everything stored so far', () => {
    const spelledOut = (...fields: string[]): string =>
      fields.map((text) => `${text.length.toString(16).padStart(8, '0')}${Buffer.from(text).toString('hex')}`).join('');
    const fields = ['scaivault:data', 'secret', 'p:p1', 'a', '3'];
    expect(encodeAad(home).toString('hex')).toBe(spelledOut(...fields));
    expect(encodeAad({ ...home, contentId: 'c0' }).toString('hex')).toBe(spelledOut(...fields, 'c0'));
  });

  it('tells a place that has a content id from one that has none, whatever the id', () => {
    fc.assert(
      fc.property(place, place, field, ({ contentId: _none, ...without }, other, contentId) => {
        expect(encodeAad(without).equals(encodeAad({ ...other, contentId }))).toBe(false);
      }),
    );
    expect(encodeAad({ ...home, contentId: '' }).equals(encodeAad(home))).toBe(false);
  });

  it('refuses half a surrogate pair, which would encode like any other half', () => {
    expect(() => encodeAad({ ...home, pathId: '\ud800' })).toThrowError(refused);
    expect(() => encodeAad({ ...home, purpose: '\udc00x' })).toThrowError(refused);
    expect(() => encodeAad({ ...home, contentId: 'x\ud800' })).toThrowError(refused);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses the version %d', (odd) => {
    expect(() => encodeAad({ ...home, version: odd })).toThrowError(refused);
  });
});
