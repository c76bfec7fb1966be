import { isVaultError } from '@scaivault/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanDocument } from './document.ts';
import { scanRaw } from './raw-slice.ts';

/** Raw text of each member of a document. */
const rawMembers = (text: string | Uint8Array): Record<string, string> => {
  const members: [string, string][] = [];
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  scanDocument(bytes, (cursor, name) => members.push([name, Buffer.from(scanRaw(cursor)).toString()]));
  return Object.fromEntries(members);
};

const raw = (text: string): string | undefined => rawMembers(`{"v":${text}}`).v;

/** What the scanner says to a text: `ok`, or the code with its reason. */
const verdict = (text: string | Uint8Array): string => {
  try {
    rawMembers(text);
    return 'ok';
  } catch (error) {
    if (!isVaultError(error)) throw error;
    return `${error.code} ${String(error.details?.reason ?? '')}`.trim();
  }
};

const nested = (levels: number): string => `{"v":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

describe('scanning a JSON body', () => {
  it.each([
    ['', 'invalid_request empty_body'],
    [' ', 'invalid_request cut_short'],
    ['[]', 'invalid_request not_an_object'],
    ['null', 'invalid_request not_an_object'],
    ['"x"', 'invalid_request not_an_object'],
    ['{', 'invalid_request cut_short'],
    ['{"a"', 'invalid_request cut_short'],
    ['{"a":1', 'invalid_request cut_short'],
    ['{"a":"x', 'invalid_request cut_short'],
    ['{"a":"\\', 'invalid_request cut_short'],
    ['{"a":1}x', 'invalid_request trailing_text'],
    ['{"a":1}{}', 'invalid_request trailing_text'],
    ['{"a":1,}', 'invalid_request syntax'],
    ['{,}', 'invalid_request syntax'],
    ['{"a" 1}', 'invalid_request syntax'],
    ['{a:1}', 'invalid_request syntax'],
    ["{'a':1}", 'invalid_request syntax'],
    ['{"a":[1,]}', 'invalid_request syntax'],
    ['{"a":[1 2]}', 'invalid_request syntax'],
    ['{"a":NaN}', 'invalid_request syntax'],
    ['{"a":+1}', 'invalid_request syntax'],
    ['{"a":.5}', 'invalid_request syntax'],
    ['{"a":01}', 'invalid_request syntax'],
    ['{"a":1.}', 'invalid_request bad_number'],
    ['{"a":-}', 'invalid_request bad_number'],
    ['{"a":1e}', 'invalid_request bad_number'],
    ['{"a":tru}', 'invalid_request syntax'],
    ['{"a":nul', 'invalid_request cut_short'],
    ['{"a":"\n"}', 'invalid_request control_character'],
    ['{"a":"\\x"}', 'invalid_request bad_escape'],
    ['{"a":"\\u12G4"}', 'invalid_request bad_escape'],
    ['{"a":1/* */}', 'invalid_request syntax'],
    ['{"a":\u00a01}', 'invalid_request syntax'],
    ['\ufeff{}', 'invalid_request syntax'],
    ['{"a":1,"a":2}', 'invalid_request duplicate_name'],
    ['{"a":1,"\\u0061":2}', 'invalid_request duplicate_name'],
    ['{"a":{"x":{"b":1,"c":2,"b":3}}}', 'invalid_request duplicate_name'],
    ['{"a":[{"b":1,"b":2}]}', 'invalid_request duplicate_name'],
    ['{"__proto__":1,"__proto__":2}', 'invalid_request duplicate_name'],
    [nested(32), 'ok'],
    [nested(33), 'validation_error'],
    [nested(100_000), 'validation_error'],
    ['{}', 'ok'],
    [' \t\r\n{ } \n', 'ok'],
    ['{"__proto__":1,"constructor":{"toString":2,"hasOwnProperty":3}}', 'ok'],
  ])('judges %j', (text, expected) => {
    expect(verdict(text)).toBe(expected);
  });

  it.each([
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a byte beyond the code points', [0xf5, 0x80, 0x80, 0x80]],
    ['a cut sequence', [0xc3]],
  ])('refuses %s in a string', (_, bytes) => {
    const text = Buffer.concat([Buffer.from('{"v":"'), Buffer.from(bytes), Buffer.from('"}')]);
    expect(verdict(text)).toBe('invalid_request not_utf8');
  });

  it('names the outermost member in which the depth is exceeded', () => {
    expect(() => rawMembers(`{"metadata":${'['.repeat(40)}`)).toThrow(
      expect.objectContaining({ details: { fields: [expect.objectContaining({ field: 'metadata', rule: 'range' })] } }),
    );
  });

  it.each([
    '1e400',
    '12345678901234567890',
    '-0',
    '1.10',
    '1E+2',
    '"\\u00e9\\/\\ud800"',
    '"é😀"',
    '"  a \\" b \\\\"',
    '{"__proto__":{"x":[]}}',
    '[true,false,null]',
  ])('keeps %s as it was written', (text) => {
    expect(raw(text)).toBe(text);
    expect(raw(` \n${text}\t`)).toBe(text);
  });

  it('drops white space between the parts of a raw value and keeps it inside strings', () => {
    expect(raw('{ "a b" : [ 1 , "x \\" y" ,\n{} ] }')).toBe('{"a b":[1,"x \\" y",{}]}');
  });

  it('copies raw values, so that the body can be dropped', () => {
    const body = Buffer.from('{"v":"secret"}');
    let copy = new Uint8Array();
    scanDocument(body, (cursor) => {
      copy = scanRaw(cursor);
    });
    body.fill(0);
    expect(Buffer.from(copy).toString()).toBe('"secret"');
  });

  it('accepts what JSON.parse accepts, with equal values and no white space left', () => {
    const spaced = fc.tuple(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t', ' \r\n'));
    fc.assert(
      fc.property(spaced, ([value, indent]) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(raw(` ${text} `)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('refuses what JSON.parse refuses, on texts one edit away from JSON', () => {
    const edit = fc.record({
      value: fc.jsonValue({ maxDepth: 3 }),
      at: fc.nat(),
      cut: fc.nat({ max: 2 }),
      insert: fc.oneof(fc.constantFrom(...'{}[]":,\\ 0.eE+-/tfn\u0000\n'), fc.constant('')),
    });
    fc.assert(
      fc.property(edit, ({ value, at, cut, insert }) => {
        const text = JSON.stringify({ v: value });
        const place = at % text.length;
        const edited = text.slice(0, place) + insert + text.slice(place + cut);
        const ours = verdict(edited);
        if (ours.endsWith('duplicate_name')) return;
        expect(ours === 'ok').toBe(parsesAsObject(edited));
      }),
      { numRuns: 3000 },
    );
  });
});

const parsesAsObject = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};
