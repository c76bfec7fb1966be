import { isVaultError } from '@scaivault/errors';
import { describe, expect, it } from 'vitest';
import { partnerScope, scopeId, tenantScope } from './scope.ts';
import { parsePartnerId, parseTenantId } from './tenant-id.ts';

describe.each([
  ['parseTenantId', parseTenantId],
  ['parsePartnerId', parsePartnerId],
])('%s', (_name, parse) => {
  it.each(['t', 'tnt_Acme-1', '3f2a:b/c', '~'.repeat(128)])('takes the opaque id %s as it is', (text) => {
    expect(parse(text)).toBe(text);
  });

  it.each([
    ['an empty text', ''],
    ['129 characters', 'a'.repeat(129)],
    ['a space', 'a b'],
    ['a line feed at the end', 'a\n'],
    ['a control character', 'a\u0000'],
    ['a letter outside ASCII', 'é'],
  ])('refuses %s with invalid_request', (_what, text) => {
    expect(() => parse(text)).toThrowError(expect.toSatisfy((e) => isVaultError(e, 'invalid_request')));
  });
});

describe('scopeId', () => {
  it('keeps a tenant and a partner of the same name apart', () => {
    expect(scopeId(tenantScope(parseTenantId('acme'), parsePartnerId('p1')))).toBe('t:acme');
    expect(scopeId(partnerScope(parsePartnerId('acme')))).toBe('p:acme');
  });
});
