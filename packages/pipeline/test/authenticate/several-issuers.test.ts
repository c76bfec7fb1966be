import { createLocalJWKSet } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTokenVerifier, type TokenVerifier } from '../../src/authenticate/token-verifier.ts';
import { everyTenant, type TenantBinding } from '../../src/authenticate/trusted-issuer.ts';
import { claimNames, createIssuerKey, type IssuerKey, nowSeconds, verdictOn } from './issuer-keys.ts';

let scaiKey: IssuerKey;
let keycloak: IssuerKey;
let asked: string[];
beforeAll(async () => {
  scaiKey = await createIssuerKey('shared-kid');
  keycloak = await createIssuerKey('shared-kid', {
    iss: 'https://kc.test/realms/b/',
    tenant_id: 'tnt_b',
    aud: 'vault',
  });
});

const trust = (name: string, key: IssuerKey, issuer: string, audience: string, tenants: TenantBinding) => ({
  issuer,
  audience,
  claims: claimNames,
  tenants,
  keySet: {
    getKey: (...parts: Parameters<ReturnType<typeof createLocalJWKSet>>) => {
      asked.push(name);
      return createLocalJWKSet({ keys: [key.jwk] })(...parts);
    },
  },
});

const open = (...bound: readonly string[]): TokenVerifier => {
  asked = [];
  const tenantIds = new Set(bound);
  return createTokenVerifier({
    issuers: [
      trust('scaikey', scaiKey, 'https://scaikey.test/tenants/*', 'scaivault', { kind: 'all_but', tenantIds }),
      trust('keycloak', keycloak, 'https://kc.test/realms/b/', 'vault', { kind: 'only', tenantIds }),
    ],
    leewayMs: 0,
    nowMs: () => nowSeconds * 1000,
  });
};

describe('ScaiKey and an issuer of its own tenants, side by side', () => {
  it('are both taken, each asked for its own keys only', async () => {
    const verify = open('tnt_b', 'tnt_c');
    expect(await verify(await scaiKey.sign())).toMatchObject({ tenantId: 'tnt_a' });
    expect(await verify(await keycloak.sign())).toMatchObject({ tenantId: 'tnt_b' });
    expect(asked).toEqual(['scaikey', 'keycloak']);
  });

  it('never speak for tenants of the other', async () => {
    const verify = open('tnt_b', 'tnt_c');
    expect(await verdictOn(verify, await keycloak.sign({ tenant_id: 'tnt_a' }))).toBe('token_invalid');
    expect(await verdictOn(verify, await keycloak.sign({ tenant_id: 'tnt_z' }))).toBe('token_invalid');
    const ofB = { iss: 'https://scaikey.test/tenants/tnt_b', tenant_id: 'tnt_b' };
    expect(await verdictOn(verify, await scaiKey.sign(ofB))).toBe('token_invalid');
  });

  it('never sign for one another, though their keys have one name', async () => {
    const verify = open('tnt_b');
    const foreign = { iss: 'https://kc.test/realms/b/', tenant_id: 'tnt_b', aud: 'vault' };
    expect(await verdictOn(verify, await scaiKey.sign(foreign))).toBe('token_invalid');
    const ours = { iss: 'https://scaikey.test/tenants/tnt_a', tenant_id: 'tnt_a', aud: 'scaivault' };
    expect(await verdictOn(verify, await keycloak.sign(ours))).toBe('token_invalid');
  });

  it('are each held to their own audience', async () => {
    const verify = open('tnt_b');
    expect(await verdictOn(verify, await keycloak.sign({ aud: 'scaivault' }))).toBe('token_invalid');
    expect(await verdictOn(verify, await scaiKey.sign({ aud: 'vault' }))).toBe('token_invalid');
  });

  it('ask nobody about an issuer that is neither', async () => {
    const verify = open('tnt_b');
    for (const iss of ['https://kc.test/realms/b', 'https://kc.test/realms/b/x', 'https://scaikey.test/tenants/', ''])
      expect(await verdictOn(verify, await keycloak.sign({ iss }))).toBe('token_invalid');
    expect(asked).toEqual([]);
  });
});

describe('an issuer of named tenants', () => {
  it('need not name the tenant when there is one, and must when there are several', async () => {
    const bare = await keycloak.sign({ tenant_id: undefined });
    expect(await open('tnt_b')(bare)).toMatchObject({ tenantId: 'tnt_b' });
    expect(await verdictOn(open('tnt_b', 'tnt_c'), bare)).toBe('token_invalid');
  });

  it('hands out no role that reaches beyond its tenants', async () => {
    const roles = ['tenant_admin', 'partner_admin', 'super_admin'];
    expect(await open('tnt_b')(await keycloak.sign({ roles }))).toMatchObject({ roles: ['tenant_admin'] });
    expect(await open('tnt_b')(await scaiKey.sign({ roles }))).toMatchObject({ roles });
  });
});

describe('an issuer alone', () => {
  it('speaks for every tenant, and may name none', async () => {
    asked = [];
    const verify = createTokenVerifier({
      issuers: [trust('keycloak', keycloak, 'https://kc.test/realms/b/', 'vault', everyTenant)],
      leewayMs: 0,
      nowMs: () => nowSeconds * 1000,
    });
    expect(await verify(await keycloak.sign({ tenant_id: 'tnt_q', roles: ['super_admin'] }))).toMatchObject({
      tenantId: 'tnt_q',
      roles: ['super_admin'],
    });
    expect(await verify(await keycloak.sign({ tenant_id: undefined }))).toMatchObject({ tenantId: null });
  });
});
