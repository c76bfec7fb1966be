import { ExchangeTokenRequestSchema } from '@scaivault/contracts';
import { describe, expect, it } from 'vitest';
import { formAsJson, isForm } from './form-as-json.ts';

const read = (form: string): unknown =>
  JSON.parse(formAsJson(Buffer.from(form), ExchangeTokenRequestSchema).toString());

describe('formAsJson', () => {
  it('decodes names and values as forms encode them', () => {
    expect(read('subject%5Ftoken=a.b%2Bc&scope=secrets%3Aread+secrets%3Alist')).toEqual({
      subject_token: 'a.b+c',
      scope: 'secrets:read secrets:list',
    });
  });

  it('makes a list of what may be several, also of one', () => {
    expect(read('allowed_paths=app/**')).toEqual({ allowed_paths: ['app/**'] });
    expect(read('allowed_paths=app/**&allowed_paths=db/*')).toEqual({ allowed_paths: ['app/**', 'db/*'] });
  });

  it('refuses what comes twice and may not', () => {
    expect(() => read('subject_token=a&subject_token=b')).toThrowError(
      expect.objectContaining({ code: 'invalid_request', details: { reason: 'duplicate_name' } }),
    );
  });

  it('leaves out what has no value, and keeps unknown names for the decoder to refuse', () => {
    expect(read('scope=&role&resource=x')).toEqual({ resource: 'x' });
    expect(formAsJson(Buffer.from('__proto__=x'), ExchangeTokenRequestSchema).toString()).toBe('{"__proto__":"x"}');
  });
});

describe('isForm', () => {
  it.each([
    ['application/x-www-form-urlencoded', true],
    ['Application/X-WWW-Form-Urlencoded ; charset=utf-8', true],
    ['application/json', false],
    ['multipart/form-data', false],
    [undefined, false],
  ])('says of %j: %j', (contentType, expected) => {
    expect(isForm(contentType)).toBe(expected);
  });
});
