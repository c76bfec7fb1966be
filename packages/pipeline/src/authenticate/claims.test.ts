import { isVaultError } from '@scaivault/errors';
import type { JWTPayload } from 'jose';
import { describe, expect, it } from 'vitest';
import { type ClaimNames, readClaims } from './claims.ts';

const names: ClaimNames = {
  tenant: 'tenant_id',
  partner: 'partner_id',
  groups: 'groups',
  roles: 'roles',
  scopes: 'scope',
  mfa: 'amr',
};
const read = (claims: JWTPayload, configured: Partial<ClaimNames> = {}) =>
  readClaims({ sub: 'usr_1', exp: 2_000, ...claims }, { ...names, ...configured });

describe('readClaims', () => {
  it('reads a user with everything', () => {
    const token = read({
      email: 'alice@a.example',
      name: 'Alice',
      tenant_id: 'tnt_a',
      partner_id: 'ptn_x',
      groups: ['sre', 'Domain Admins'],
      roles: ['tenant_admin'],
      scope: 'secrets:read  secrets:list',
      iat: 1_000,
      nbf: 900,
    });
    expect(token).toEqual({
      subject: 'usr_1',
      tenantId: 'tnt_a',
      partnerId: 'ptn_x',
      identityType: 'user',
      claimedIdentityId: 'user:alice@a.example',
      displayName: 'Alice',
      groups: ['sre', 'Domain Admins'],
      roles: ['tenant_admin'],
      scopes: new Set(['secrets:read', 'secrets:list']),
      issuedAtMs: 1_000_000,
      notBeforeMs: 900_000,
      expiresAtMs: 2_000_000,
      mfaVerifiedAtMs: null,
      actorId: null,
      allowedPaths: null,
    });
  });

  it.each<[string, JWTPayload, number | null]>([
    ['the sign-in of a token with mfa', { amr: ['pwd', 'mfa'], auth_time: 500, iat: 1_000 }, 500_000],
    ['the issue of a token with mfa and no sign-in', { amr: ['mfa'], iat: 1_000 }, 1_000_000],
    ['the issue of a token whose sign-in is null', { amr: 'mfa', auth_time: null as never, iat: 1_000 }, 1_000_000],
    ['nothing without mfa', { amr: ['pwd'], auth_time: 500, iat: 1_000 }, null],
    ['nothing without amr', { auth_time: 500, iat: 1_000 }, null],
    ['nothing for something that only contains the word', { amr: ['mfa2', 'no-mfa'], iat: 1_000 }, null],
  ])('takes as time of the second factor %s', (_what, claims, expected) => {
    expect(read(claims).mfaVerifiedAtMs).toBe(expected);
  });

  it.each<[string, JWTPayload, string, string]>([
    ['client credentials', { token_type: 'client_credentials', client_id: 'deploy' }, 'service_account', 'sa:deploy'],
    ['client credentials without client', { token_type: 'client_credentials' }, 'service_account', 'sa:usr_1'],
    ['a subject sa:…', { sub: 'sa:deploy', email: 'x@y' }, 'service_account', 'sa:deploy'],
    ['a user without email', {}, 'user', 'user:usr_1'],
    ['a user who calls itself sa:', { email: 'sa:deploy' }, 'user', 'user:sa:deploy'],
    [
      'a client that calls itself user:',
      { token_type: 'client_credentials', client_id: 'user:a@b' },
      'service_account',
      'sa:user:a@b',
    ],
    ['an address that nobody verified', { email: 'ceo@a', email_verified: false }, 'user', 'user:usr_1'],
    ['an address that was verified', { email: 'a@b', email_verified: true }, 'user', 'user:a@b'],
    ['a program, as Auth0 says it', { gty: 'client-credentials' }, 'service_account', 'sa:usr_1'],
    ['a program, as Entra ID says it', { idtyp: 'app', client_id: 'deploy' }, 'service_account', 'sa:deploy'],
    ['a user of another grant', { gty: 'password', idtyp: 'user' }, 'user', 'user:usr_1'],
  ])('tells who it is: %s', (_what, claims, identityType, claimedIdentityId) => {
    expect(read(claims)).toMatchObject({ identityType, claimedIdentityId });
  });

  it('takes a configured acr for a second factor, and no other', () => {
    const configured = { mfaContexts: new Set(['phr', 'c2']) };
    expect(read({ acr: 'phr', iat: 7 }, configured).mfaVerifiedAtMs).toBe(7_000);
    expect(read({ acr: 'phr', auth_time: 5, iat: 7 }, configured).mfaVerifiedAtMs).toBe(5_000);
    for (const acr of ['ph', '', 1, ['phr'], null])
      expect(read({ acr: acr as never, iat: 7 }, configured).mfaVerifiedAtMs).toBeNull();
    expect(read({ acr: 'phr', iat: 7 }).mfaVerifiedAtMs).toBeNull();
  });

  it('reads lists as texts and as lists, and roles under both usual names', () => {
    expect(read({ groups: 'a b', roles: 'x', role: ['y', 'z'] })).toMatchObject({
      groups: ['a', 'b'],
      roles: ['x', 'y', 'z'],
    });
    expect(read({ role: 'partner_admin' }).roles).toEqual(['partner_admin']);
    expect(read({ scope: ['a', 'b'] as never }).scopes).toEqual(new Set(['a', 'b']));
  });

  it('looks only at the claims that were configured', () => {
    const configured = {
      tenant: 'org',
      partner: 'group',
      groups: 'teams',
      roles: 'vault_roles',
      scopes: 'scp',
      mfa: 'factors',
    };
    const token = read(
      {
        org: 't',
        group: 'p',
        teams: 'g',
        vault_roles: 'tenant_admin',
        scp: 's',
        factors: 'mfa',
        iat: 1,
        tenant_id: 'no',
        partner_id: 'no',
        groups: 'no',
        roles: 'super_admin',
        role: 'super_admin',
        scope: 'admin',
        amr: 'no',
      },
      configured,
    );
    expect(token).toMatchObject({
      tenantId: 't',
      partnerId: 'p',
      groups: ['g'],
      roles: ['tenant_admin'],
      scopes: new Set(['s']),
      mfaVerifiedAtMs: 1_000,
    });
  });

  it('reads who really acts, and the paths a token is narrowed to', () => {
    const token = read({ act: { sub: 'usr_boss' }, scv_paths: ['app/**'] });
    expect(token.actorId).toBe('usr_boss');
    expect(token.allowedPaths?.map((glob) => glob.matches('app/db'))).toEqual([true]);
    expect(read({ scv_paths: [] }).allowedPaths).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['an endless subject', { sub: 'x'.repeat(257) }],
    ['an endless name', { email: `${'x'.repeat(257)}@a` }],
    ['a tenant that is no text', { tenant_id: 5 }],
    ['groups that are no texts', { groups: [{ name: 'sre' }] }],
    ['roles that are no list', { roles: { admin: true } }],
    ['scopes that are a number', { scope: 7 }],
    ['a time that is no number', { auth_time: 'yesterday', amr: 'mfa' }],
    ['paths that are no list', { scv_paths: 'app/**' }],
    ['paths that are no texts', { scv_paths: [1] }],
    ['paths that are no globs', { scv_paths: ['a//b'] }],
    ['paths that are null', { scv_paths: null }],
    ['an actor without subject', { act: { name: 'x' } }],
    ['an actor that is no object', { act: 'usr_boss' }],
    ['a bound certificate', { cnf: { 'x5t#S256': 'AAAA' } }],
  ])('refuses %s with token_invalid', (_what, claims) => {
    expect(() => read(claims as JWTPayload)).toThrowError(
      expect.toSatisfy((error) => isVaultError(error, 'token_invalid')),
    );
  });
});
