import { VaultError } from '@scaivault/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePathPrefix } from './path-prefix.ts';
import { parsePolicyPath, policyPathOf, policyPrefixOf } from './policy-path.ts';
import { partnerScope, tenantScope } from './scope.ts';
import { parseSecretPath, reservedFirstSegments } from './secret-path.ts';
import { parsePartnerId, parseTenantId } from './tenant-id.ts';

const refusal = (parse: () => unknown): VaultError => {
  try {
    parse();
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

const segment = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const soundPath = fc
  .array(segment, { minLength: 1, maxLength: 10 })
  .filter(([first]) => first !== undefined && !reservedFirstSegments.has(first))
  .map((segments) => segments.join('/'));

describe('parseSecretPath', () => {
  it('returns every sound path unchanged', () => {
    fc.assert(fc.property(soundPath, (text) => parseSecretPath(text) === text));
    expect(parseSecretPath('a'.repeat(512))).toHaveLength(512);
    expect(parseSecretPath('a/b/c/d/e/f/g/h/i/j')).toBe('a/b/c/d/e/f/g/h/i/j');
  });

  it.each([
    ['', 'grammar'],
    ['/app', 'grammar'],
    ['app/', 'grammar'],
    ['app//db', 'grammar'],
    ['App', 'grammar'],
    ['app/../db', 'grammar'],
    ['app.key', 'grammar'],
    ['app:read', 'grammar'],
    ['app%2Fdb', 'grammar'],
    ['app\n', 'grammar'],
    ['äpp', 'grammar'],
    ['a'.repeat(513), 'too_long'],
    ['a/b/c/d/e/f/g/h/i/j/k', 'too_many_segments'],
    ['partner', 'reserved_prefix'],
    ['partner/app', 'reserved_prefix'],
    ['pki/web', 'reserved_prefix'],
    ['acme/x', 'reserved_prefix'],
    ['dns/x', 'reserved_prefix'],
    ['rotation/x', 'reserved_prefix'],
    ['dynamic/pg/ro', 'reserved_prefix'],
    ['federation/x', 'reserved_prefix'],
  ])('refuses %j for its %s', (text, reason) => {
    const error = refusal(() => parseSecretPath(text));
    expect(error.code).toBe('invalid_path');
    expect(error.details).toMatchObject({ reason });
  });

  it('reserves whole segments only, and only the first', () => {
    expect(parseSecretPath('partners/x')).toBe('partners/x');
    expect(parseSecretPath('app/pki')).toBe('app/pki');
  });

  it('does not repeat an endless path in the refusal', () => {
    const { details } = refusal(() => parseSecretPath('x'.repeat(100_000)));
    expect(String(details?.path).length).toBeLessThan(600);
  });
});

describe('parsePolicyPath', () => {
  it('takes reserved first segments', () => {
    for (const text of ['app/db', 'pki/web', 'dynamic/pg/ro', 'partner/app/db'])
      expect(parsePolicyPath(text)).toBe(text);
  });

  it('has room for the longest partner secret, and no more', () => {
    expect(parsePolicyPath('partner/a/b/c/d/e/f/g/h/i/j')).toBeDefined();
    expect(parsePolicyPath(`partner/${'a'.repeat(512)}`)).toBeDefined();
    expect(refusal(() => parsePolicyPath('partner/a/b/c/d/e/f/g/h/i/j/k')).details?.reason).toBe('too_many_segments');
    expect(refusal(() => parsePolicyPath('a/b/c/d/e/f/g/h/i/j/k')).details?.reason).toBe('too_many_segments');
    expect(refusal(() => parsePolicyPath(`partner/${'a'.repeat(513)}`)).details?.reason).toBe('too_long');
    expect(refusal(() => parsePolicyPath('a'.repeat(513))).details?.reason).toBe('too_long');
  });

  it('holds to the grammar', () => {
    expect(refusal(() => parsePolicyPath('partner//x')).details?.reason).toBe('grammar');
  });
});

describe('policyPathOf', () => {
  const partnerId = parsePartnerId('p');

  it('is the path itself for a tenant secret and lies below partner/ for a partner secret', () => {
    const path = parseSecretPath('app/db');
    expect(policyPathOf(tenantScope(parseTenantId('t'), partnerId), path)).toBe('app/db');
    expect(policyPathOf(partnerScope(partnerId), path)).toBe('partner/app/db');
  });

  it('always gives a path that parsePolicyPath takes', () => {
    fc.assert(
      fc.property(soundPath, (text) => {
        const policyPath = policyPathOf(partnerScope(partnerId), parseSecretPath(text));
        return parsePolicyPath(policyPath) === policyPath;
      }),
    );
  });
});

describe('policyPrefixOf', () => {
  const partnerId = parsePartnerId('p');
  const tenant = tenantScope(parseTenantId('t'), partnerId);
  const partner = partnerScope(partnerId);

  it('is the prefix itself for a tenant, and lies below partner/ for a partner, also when none was given', () => {
    expect(policyPrefixOf(tenant, parsePathPrefix('app/'))?.text).toBe('app/');
    expect(policyPrefixOf(tenant, undefined)).toBeUndefined();
    expect(policyPrefixOf(partner, parsePathPrefix('app/'))?.text).toBe('partner/app/');
    expect(policyPrefixOf(partner, undefined)?.covers('partner/app')).toBe(true);
    expect(policyPrefixOf(partner, undefined)?.text).toBe('partner/');
  });

  it('has no room for what no partner secret can be called', () => {
    expect(policyPrefixOf(partner, parsePathPrefix('a'.repeat(512)))?.text).toHaveLength(520);
    expect(refusal(() => policyPrefixOf(partner, parsePathPrefix('a'.repeat(513)))).details?.reason).toBe('too_long');
  });
});
