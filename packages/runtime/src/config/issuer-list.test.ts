import { describe, expect, it } from 'vitest';
import { loadConfiguration } from './configuration.ts';

const read = (value: unknown) =>
  loadConfiguration({ OIDC_ISSUERS: typeof value === 'string' ? value : JSON.stringify(value) }).OIDC_ISSUERS;
const good = { issuer: 'https://idp.test/', audience: 'vault', tenants: ['tnt_a'] };

describe('OIDC_ISSUERS', () => {
  it('is a list of issuers with their tenants', () => {
    expect(read([good, { ...good, claims: { roles: 'r' }, mfa_acr: ['gold'] }])).toEqual([
      { ...good, claims: {}, mfaAcr: [] },
      { ...good, claims: { roles: 'r' }, mfaAcr: ['gold'] },
    ]);
    expect(loadConfiguration({}).OIDC_ISSUERS).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['no JSON', 'https://idp.test'],
    ['no list', good],
    ['an issuer that is none', [7]],
    ['no address', [{ ...good, issuer: 'idp' }]],
    ['another kind of address', [{ ...good, issuer: 'file:///x' }]],
    ['no audience', [{ ...good, audience: undefined }]],
    ['no tenants', [{ ...good, tenants: [] }]],
    ['tenants that are no list', [{ ...good, tenants: 'tnt_a' }]],
    ['an empty tenant', [{ ...good, tenants: [''] }]],
    ['an unknown member', [{ ...good, tenant: 'tnt_a' }]],
    ['an unknown claim', [{ ...good, claims: { role: 'r' } }]],
    ['a claim without name', [{ ...good, claims: { roles: 7 } }]],
  ])('refuses %s, naming the variable and no value', (_what, value) => {
    expect(() => read(value)).toThrowError(/^OIDC_ISSUERS must be a JSON list of issuers; (?!.*(?:idp|tnt_a|vault))/);
  });
});
