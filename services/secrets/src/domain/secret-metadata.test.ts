import { VaultError } from '@scaivault/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noMetadata, parseMetadata } from './secret-metadata.ts';

const parse = (text: string) => parseMetadata(Buffer.from(text));
const refusalOf = (text: string): VaultError => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};
const fieldsOf = (text: string) => refusalOf(text).details?.fields;

describe('metadata', () => {
  it('has description, owner and tags in any case', () => {
    expect(parse('{}')).toEqual(noMetadata);
    expect(parse('{"owner":null,"tags":null}')).toEqual(noMetadata);
  });

  it('keeps free keys, with their numbers digit by digit', () => {
    const { text } = parse('{"cost":1.50,"big":9007199254740993,"far":1e400,"owner":"team:a","deep":{"x":[0.10]}}');
    expect(text).toBe(
      '{"description":null,"owner":"team:a","tags":[],"cost":1.50,"big":9007199254740993,"far":1e400,"deep":{"x":[0.10]}}',
    );
  });

  it('keeps a free key called __proto__ as a key', () => {
    expect(parse('{"__proto__":{"tags":["x"]}}').text).toContain('"__proto__":{"tags":["x"]}');
  });

  it('folds equal tags and keeps their order', () => {
    expect(parse('{"tags":["b","a","b"]}')).toEqual({
      text: '{"description":null,"owner":null,"tags":["b","a"]}',
      tags: ['b', 'a'],
    });
  });

  it('takes 64 tags and refuses 65, equal ones included', () => {
    const tags = (count: number) => JSON.stringify({ tags: Array.from({ length: count }, () => 'a') });
    expect(parse(tags(64)).tags).toEqual(['a']);
    expect(fieldsOf(tags(65))).toMatchObject([{ field: 'metadata.tags', rule: 'length' }]);
  });

  it.each(['', 'A', '-a', 'a b', 'ä', 'a'.repeat(65), 'a\n'])('refuses the tag %j', (tag) => {
    expect(fieldsOf(JSON.stringify({ tags: ['ok', tag] }))).toMatchObject([
      { field: 'metadata.tags[1]', rule: 'format' },
    ]);
  });

  it('counts characters, not code units', () => {
    const owner = (count: number) => JSON.stringify({ owner: '😀'.repeat(count) });
    expect(() => parse(owner(256))).not.toThrow();
    expect(fieldsOf(owner(257))).toMatchObject([{ field: 'metadata.owner', rule: 'length' }]);
    expect(fieldsOf(JSON.stringify({ description: 'x'.repeat(1025) }))).toHaveLength(1);
  });

  it('names every violation at once', () => {
    expect(fieldsOf('{"description":1,"owner":[],"tags":[1,"B"]}')).toMatchObject([
      { field: 'metadata.description', rule: 'type' },
      { field: 'metadata.owner', rule: 'type' },
      { field: 'metadata.tags[0]', rule: 'type' },
      { field: 'metadata.tags[1]', rule: 'format' },
    ]);
    expect(fieldsOf('{"tags":{}}')).toMatchObject([{ field: 'metadata.tags', rule: 'type' }]);
    expect(fieldsOf('[]')).toMatchObject([{ field: 'metadata', rule: 'type' }]);
  });

  it('has at most 16 KiB, whichever keys they are in', () => {
    const sized = (bytes: number) => `{"x":"${'y'.repeat(bytes - 8)}"}`;
    expect(() => parse(sized(16_384))).not.toThrow();
    expect(refusalOf(sized(16_385))).toMatchObject({
      code: 'payload_too_large',
      details: { limit_bytes: 16_384, actual_bytes: 16_385 },
    });
  });

  it('comes back equal, and fits its column, for any free keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (free) => {
        const text = JSON.stringify({ ...free, description: 'd', owner: null, tags: ['t'] });
        fc.pre(Buffer.byteLength(text) <= 16_384);
        const stored = parse(text).text;
        expect(JSON.parse(stored)).toEqual(JSON.parse(text));
        expect(Buffer.byteLength(stored)).toBeLessThanOrEqual(20_480);
      }),
    );
  });
});
