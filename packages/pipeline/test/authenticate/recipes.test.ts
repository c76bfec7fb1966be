import { loadConfiguration } from '@scaivault/runtime';
import type { JWTPayload } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { VerifiedToken } from '../../src/authenticate/verified-token.ts';
import { openBearerVerifier } from '../../src/host/open-bearer-verifier.ts';
import { openIssuers } from '../../src/host/open-issuers.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { createIssuerKey, nowSeconds } from './issuer-keys.ts';

// The recipes of services/identity-sync/README.md with tokens as those providers make them.

const read = async (
  path: string,
  env: Readonly<Record<string, string>>,
  claims: Readonly<Record<string, unknown>>,
): Promise<VerifiedToken> => {
  const provider = await startIdentityProvider();
  const issuer = `${provider.url}${path}`;
  provider.document = { issuer };
  const key = await createIssuerKey('k', {}, 'RS256');
  provider.keys = [key.jwk];
  const config = loadConfiguration({
    SCAIKEY_URL: 'https://scaikey.test',
    SCAIKEY_AUDIENCE: 'scaivault',
    OIDC_ISSUER: issuer,
    OIDC_TENANTS: 'tnt_acme',
    ...env,
  });
  const dependencies = { nowMs: () => nowSeconds * 1000, onFailure: () => {} };
  const issuers = openIssuers(config, dependencies);
  onTestFinished(() => issuers.stop());
  const all: JWTPayload = { iss: issuer, iat: nowSeconds, exp: nowSeconds + 300, ...claims };
  return await openBearerVerifier(config, issuers, dependencies)(await key.signText(JSON.stringify(all)));
};

describe('Keycloak', () => {
  const env = { OIDC_AUDIENCE: 'scaivault', OIDC_CLAIM_ROLES: 'vault_roles', OIDC_MFA_ACR: 'gold,2' };
  const token = {
    aud: ['scaivault', 'account'],
    typ: 'Bearer',
    azp: 'portal',
    sub: 'f1c2',
    scope: 'openid email profile secrets:read',
    email: 'ada@acme.example',
    email_verified: true,
    groups: ['sre'],
    vault_roles: ['tenant_admin', 'offline_access'],
    realm_access: { roles: ['super_admin'] },
    acr: 'gold',
    auth_time: nowSeconds - 60,
  };

  it('people', async () => {
    const content = await read('/realms/acme', env, token);
    expect(content).toMatchObject({
      tenantId: 'tnt_acme',
      identityType: 'user',
      claimedIdentityId: 'user:ada@acme.example',
      groups: ['sre'],
      roles: ['tenant_admin', 'offline_access'],
      mfaVerifiedAtMs: (nowSeconds - 60) * 1000,
    });
    expect(content.scopes.has('secrets:read')).toBe(true);
  });

  it('programs', async () => {
    const claims = { ...token, client_id: 'deploy', token_type: 'client_credentials', acr: '1' };
    expect(await read('/realms/acme', env, claims)).toMatchObject({
      identityType: 'service_account',
      claimedIdentityId: 'sa:deploy',
      mfaVerifiedAtMs: null,
    });
  });
});

describe('Auth0', () => {
  const env = {
    OIDC_AUDIENCE: 'https://scaivault.acme.example',
    OIDC_CLAIM_SCOPES: 'permissions',
    OIDC_CLAIM_ROLES: 'https://scaivault/roles',
    OIDC_CLAIM_MFA: 'https://scaivault/amr',
  };
  const token = {
    aud: ['https://scaivault.acme.example', 'https://acme.eu.auth0.com/userinfo'],
    sub: 'auth0|5f7c',
    azp: 'abc',
    scope: 'openid admin',
    permissions: ['secrets:read', 'secrets:list'],
    'https://scaivault/roles': ['tenant_admin'],
    'https://scaivault/amr': ['pwd', 'mfa'],
  };

  it('people', async () => {
    expect(await read('/', env, token)).toMatchObject({
      identityType: 'user',
      claimedIdentityId: 'user:auth0|5f7c',
      scopes: new Set(['secrets:read', 'secrets:list']),
      roles: ['tenant_admin'],
      mfaVerifiedAtMs: nowSeconds * 1000,
    });
  });

  it('programs', async () => {
    const claims = {
      aud: token.aud,
      sub: 'abc@clients',
      azp: 'abc',
      gty: 'client-credentials',
      permissions: ['secrets:read'],
    };
    expect(await read('/', env, claims)).toMatchObject({
      identityType: 'service_account',
      claimedIdentityId: 'sa:abc@clients',
      roles: [],
    });
  });
});

describe('Entra ID', () => {
  const env = { OIDC_AUDIENCE: '6e74', OIDC_CLAIM_SCOPES: 'roles', OIDC_CLAIM_ROLES: 'roles' };
  const token = {
    aud: '6e74',
    ver: '2.0',
    tid: '9188',
    oid: '690f',
    sub: 'hKxy',
    name: 'Ada',
    groups: ['0b1e'],
    roles: ['secrets:read', 'tenant_admin', 'super_admin'],
    idtyp: 'user',
  };

  it('people', async () => {
    const content = await read('/9188/v2.0', env, token);
    expect(content).toMatchObject({
      tenantId: 'tnt_acme',
      identityType: 'user',
      claimedIdentityId: 'user:hKxy',
      groups: ['0b1e'],
      roles: ['secrets:read', 'tenant_admin'],
    });
    expect(content.scopes.has('secrets:read')).toBe(true);
  });

  it('programs', async () => {
    const claims = { ...token, idtyp: 'app', sub: '690f', roles: ['secrets:read'], name: undefined };
    expect(await read('/9188/v2.0', env, claims)).toMatchObject({
      identityType: 'service_account',
      claimedIdentityId: 'sa:690f',
    });
  });
});
