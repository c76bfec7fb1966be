import { loadConfiguration } from '@scaivault/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TokenVerifier } from '../../src/authenticate/token-verifier.ts';
import { openBearerVerifier } from '../../src/host/open-bearer-verifier.ts';
import { openIssuers } from '../../src/host/open-issuers.ts';
import { type IdentityProvider, sendJson, startIdentityProvider } from './identity-provider.ts';
import { createIssuerKey, nowSeconds, verdictOn } from './issuer-keys.ts';

const open = (env: Readonly<Record<string, string>>) => {
  let clock = nowSeconds * 1000;
  const failures: string[] = [];
  const config = loadConfiguration(env);
  const dependencies = { nowMs: () => clock, onFailure: (error: unknown) => failures.push(String(error)) };
  const issuers = openIssuers(config, dependencies);
  onTestFinished(() => issuers.stop());
  const verify: TokenVerifier = openBearerVerifier(config, issuers, dependencies);
  const pass = (ms: number): void => {
    clock += ms;
  };
  return { issuers, failures, pass, verdict: (token: string) => verdictOn(verify, token) };
};
const scaiKeyOf = ({ url }: IdentityProvider) => ({ SCAIKEY_URL: url, SCAIKEY_AUDIENCE: 'scaivault' });
const client = { SCAIKEY_CLIENT_ID: 'vault:client', SCAIKEY_CLIENT_SECRET: 'a secret+%' };
const oidcOf = ({ url }: IdentityProvider) => ({ OIDC_ISSUER: `${url}/`, OIDC_AUDIENCE: 'vault' });

describe('keys over the wire', () => {
  it('are found by discovery, follow a rotation, and serve on through an outage for a day', async () => {
    const provider = await startIdentityProvider();
    const claims = { iss: `${provider.url}/tenants/tnt_a` };
    const [old, fresh] = [await createIssuerKey('old', claims), await createIssuerKey('fresh', claims)];
    provider.keys = [old.jwk];
    const { verdict, pass } = open({ ...scaiKeyOf(provider), TOKEN_LEEWAY: '25h' });
    expect(await verdict(await old.sign())).toBe('accepted');
    provider.keys = [fresh.jwk];
    expect(await verdict(await fresh.sign())).toBe('accepted');
    provider.isUp = false;
    pass(86_400_000);
    expect(await verdict(await fresh.sign({ sub: 'usr_2' }))).toBe('accepted');
    pass(1);
    expect(await verdict(await fresh.sign({ sub: 'usr_3' }))).toBe('service_unavailable');
  });

  it('are asked for once by a storm of unknown names', async () => {
    const provider = await startIdentityProvider();
    const key = await createIssuerKey('known', { iss: `${provider.url}/tenants/tnt_a` });
    provider.keys = [key.jwk];
    const { verdict, pass } = open(scaiKeyOf(provider));
    await verdict(await key.sign());
    const fetches = () => provider.questions.filter(({ path }) => path === '/jwks').length;
    const storm = async (): Promise<void> => {
      const tokens = await Promise.all(Array.from({ length: 50 }, (_, i) => key.sign({}, { kid: `unknown${i}` })));
      expect(new Set(await Promise.all(tokens.map(verdict)))).toEqual(new Set(['token_invalid']));
    };
    await storm();
    expect(fetches()).toBe(2);
    pass(29_999);
    await storm();
    expect(fetches()).toBe(2);
    pass(1);
    await storm();
    expect(fetches()).toBe(3);
  });

  it('are 503 as long as there are none', async () => {
    const provider = await startIdentityProvider();
    provider.isUp = false;
    const key = await createIssuerKey('k', { iss: `${provider.url}/tenants/tnt_a` });
    provider.keys = [key.jwk];
    const { verdict, pass } = open(scaiKeyOf(provider));
    expect(await verdict(await key.sign())).toBe('service_unavailable');
    provider.isUp = true;
    pass(1_000);
    expect(await verdict(await key.sign())).toBe('accepted');
  });

  it('are not taken from a document of another issuer, nor through a redirect', async () => {
    const provider = await startIdentityProvider();
    const key = await createIssuerKey('k', { iss: `${provider.url}/`, aud: 'vault' });
    provider.keys = [key.jwk];
    provider.document = { issuer: 'https://other.test/' };
    const { verdict, failures, pass } = open(oidcOf(provider));
    expect(await verdict(await key.sign())).toBe('service_unavailable');
    provider.document = { issuer: `${provider.url}/`, jwks_uri: `${provider.url}/elsewhere` };
    provider.answer = (_question, response) => response.writeHead(302, { location: '/jwks' }).end();
    pass(1_000);
    expect(await verdict(await key.sign())).toBe('service_unavailable');
    expect(failures).toEqual(['Error: The discovery document is of another issuer.', 'TypeError: fetch failed']);
    provider.document = { issuer: `${provider.url}/` };
    pass(600_000);
    expect(await verdict(await key.sign())).toBe('accepted');
  });
});

describe('personal tokens over the wire', () => {
  const answerOf = (provider: IdentityProvider, more: object = {}) => ({
    active: true,
    sub: 'usr_1',
    tenant_id: 'tnt_a',
    iss: `${provider.url}/tenants/tnt_a`,
    exp: nowSeconds + 3600,
    ...more,
  });

  it('are asked about in a form, as our own client', async () => {
    const provider = await startIdentityProvider();
    provider.answer = (_question, response) => sendJson(response, answerOf(provider));
    const { verdict } = open({ ...scaiKeyOf(provider), ...client });
    expect(await verdict('skt_one')).toBe('accepted');
    const asked = provider.questions.at(-1);
    expect(asked?.path).toBe('/api/v1/platform/oauth/introspect');
    expect(asked?.form.get('token')).toBe('skt_one');
    const [scheme, word = ''] = asked?.authorization?.split(' ') ?? [];
    const halves = Buffer.from(word, 'base64').toString().split(':');
    expect([scheme, ...halves]).toEqual(['Basic', 'vault%3Aclient', 'a+secret%2B%25']);
  });

  it('are asked about where discovery says', async () => {
    const provider = await startIdentityProvider();
    provider.document = { introspection_endpoint: `${provider.url}/look` };
    provider.answer = ({ path }, response) => sendJson(response, path === '/look' ? answerOf(provider) : {});
    const { verdict } = open({ ...scaiKeyOf(provider), ...client });
    expect(await verdict('skt_one')).toBe('accepted');
  });

  it.each<[string, IdentityProvider['answer']]>([
    ['refuses our client', (_question, response) => sendJson(response, { error: 'invalid_client' }, 401)],
    ['answers no JSON', (_question, response) => response.writeHead(200).end('<html>')],
    [
      'answers more than 1 MiB',
      (_question, response) => sendJson(response, { active: false, padding: 'x'.repeat(1_048_576) }),
    ],
    ['sends us elsewhere', (_question, response) => response.writeHead(307, { location: '/jwks' }).end()],
    ['hangs up', (_question, response) => response.destroy()],
  ])('are 503 when ScaiKey %s', async (_what, answer) => {
    const provider = await startIdentityProvider();
    provider.answer = answer;
    const { verdict, failures } = open({ ...scaiKeyOf(provider), ...client });
    expect(await verdict('skt_one')).toBe('service_unavailable');
    expect(failures).toHaveLength(1);
    expect(failures.join()).not.toContain('skt_one');
  });

  it('are refused where no client of ours is configured', async () => {
    const provider = await startIdentityProvider();
    const { verdict } = open(scaiKeyOf(provider));
    expect(await verdict('skt_one')).toBe('token_invalid');
    expect(provider.questions).toEqual([]);
  });
});

describe('the configuration of issuers', () => {
  const scaiKey = { SCAIKEY_URL: 'https://scaikey.test', SCAIKEY_AUDIENCE: 'scaivault' };
  const oidc = { OIDC_ISSUER: 'https://kc.test/realms/b', OIDC_AUDIENCE: 'vault' };

  const listOf = (issuer: string, tenant: string): string =>
    JSON.stringify([{ issuer, audience: 'vault', tenants: [tenant], claims: { roles: 'r' }, mfa_acr: ['gold'] }]);

  it('takes further issuers from a list, each with tenants and claims of its own', () => {
    const env = { ...scaiKey, ...oidc, OIDC_TENANTS: 'tnt_b', OIDC_ISSUERS: listOf('https://c.test/', 'tnt_c') };
    expect(open(env).issuers.all).toMatchObject([
      { tenants: { kind: 'all_but', tenantIds: new Set(['tnt_b', 'tnt_c']) } },
      { issuer: 'https://kc.test/realms/b', tenants: { tenantIds: new Set(['tnt_b']) }, claims: { roles: 'roles' } },
      {
        issuer: 'https://c.test/',
        tenants: { kind: 'only', tenantIds: new Set(['tnt_c']) },
        claims: { roles: 'r', tenant: 'tenant_id', mfaContexts: new Set(['gold']) },
      },
    ]);
  });

  it('takes ScaiKey, another issuer, or both with tenants of their own', () => {
    expect(open(scaiKey).issuers.all).toMatchObject([{ issuer: 'https://scaikey.test/tenants/*' }]);
    expect(open(oidc).issuers.all).toMatchObject([{ issuer: 'https://kc.test/realms/b', audience: 'vault' }]);
    const both = open({ ...scaiKey, ...oidc, OIDC_TENANTS: 'tnt_b, tnt_c', OIDC_CLAIM_TENANT: 'org' }).issuers;
    const tenantIds = new Set(['tnt_b', 'tnt_c']);
    expect(both.all).toMatchObject([
      { tenants: { kind: 'all_but', tenantIds }, claims: { tenant: 'tenant_id' } },
      { tenants: { kind: 'only', tenantIds }, claims: { tenant: 'org' } },
    ]);
    expect(both.tenantClaims).toEqual(['tenant_id', 'org']);
  });

  it.each<[string, Record<string, string>, string]>([
    ['nobody', {}, 'SCAIKEY_URL'],
    ['ScaiKey without audience', { SCAIKEY_URL: 'https://scaikey.test' }, 'SCAIKEY_AUDIENCE'],
    ['an issuer without audience', { OIDC_ISSUER: 'https://kc.test' }, 'OIDC_AUDIENCE'],
    ['two for the same tenants', { ...scaiKey, ...oidc }, 'OIDC_TENANTS'],
    [
      'one that is the other',
      { ...scaiKey, ...oidc, OIDC_ISSUER: 'https://scaikey.test/tenants/tnt_b', OIDC_TENANTS: 'tnt_b' },
      'OIDC_ISSUER',
    ],
    [
      'a tenant of two issuers',
      { ...oidc, OIDC_TENANTS: 'tnt_b', OIDC_ISSUERS: listOf('https://c.test', 'tnt_b') },
      'OIDC_ISSUERS',
    ],
    [
      'one issuer twice',
      { ...oidc, OIDC_TENANTS: 'tnt_b', OIDC_ISSUERS: listOf(oidc.OIDC_ISSUER, 'tnt_c') },
      'OIDC_ISSUERS',
    ],
    ['one for all beside one for some', { ...oidc, OIDC_ISSUERS: listOf('https://c.test', 'tnt_c') }, 'OIDC_TENANTS'],
    ['half a client', { ...scaiKey, SCAIKEY_CLIENT_ID: 'x' }, 'SCAIKEY_CLIENT_SECRET'],
    ['the other half', { ...scaiKey, SCAIKEY_CLIENT_SECRET: 'x' }, 'SCAIKEY_CLIENT_ID'],
    ['a long memory', { ...scaiKey, INTROSPECTION_CACHE_TTL: '61s' }, 'INTROSPECTION_CACHE_TTL'],
  ])('refuses %s', (_what, env, name) => {
    expect(() => open(env)).toThrowError(name);
  });
});
