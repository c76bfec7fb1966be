import { exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeySet, type KeySet } from '../../src/authenticate/key-set.ts';
import { createTokenVerifier, type TokenVerifier } from '../../src/authenticate/token-verifier.ts';
import { everyTenant } from '../../src/authenticate/trusted-issuer.ts';
import { claimNames, createIssuerKey, type IssuerKey, nowSeconds, verdictOn } from './issuer-keys.ts';

// The attacks that RFC 8725 collects, and those on the JSON of RFC 7515 and 7519, against the verifier as it is served.

let key: IssuerKey;
let rsa: IssuerKey;
let keySet: KeySet;
let verify: TokenVerifier;
beforeAll(async () => {
  key = await createIssuerKey('ec');
  rsa = await createIssuerKey('rsa', {}, 'RS256');
  const encryption = { ...(await createIssuerKey('enc')).jwk, use: 'enc' };
  const shared = { kty: 'oct', kid: 'oct', k: Buffer.from('a secret that lies in the open').toString('base64url') };
  keySet = createKeySet({
    locate: async () => 'https://scaikey.test/jwks',
    fetchJson: async () => ({ keys: [key.jwk, rsa.jwk, encryption, shared] }),
    refreshMs: 600_000,
    nowMs: () => nowSeconds * 1000,
    onFailure: () => {},
  });
  const issuer = 'https://scaikey.test/tenants/*';
  verify = createTokenVerifier({
    issuers: [{ issuer, audience: 'scaivault', claims: claimNames, keySet, tenants: everyTenant }],
    leewayMs: 60_000,
    nowMs: () => nowSeconds * 1000,
  });
});
afterAll(() => keySet.stop());

const verdict = (token: string): Promise<string> => verdictOn(verify, token);
const text = (claims: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    iss: 'https://scaikey.test/tenants/tnt_a',
    aud: 'scaivault',
    sub: 'usr_1',
    tenant_id: 'tnt_a',
    exp: nowSeconds + 60,
    ...claims,
  });

/** Other text, same bytes: a signature of 64 bytes leaves four bits of its last character without meaning. */
const otherSpelling = (part: string): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return part.slice(0, -1) + alphabet.charAt(alphabet.indexOf(part.slice(-1)) ^ 1);
};

describe('the token itself', () => {
  it('is taken when nothing is wrong with it', async () => {
    expect([await verdict(await key.sign()), await verdict(await rsa.sign())]).toEqual(['accepted', 'accepted']);
    expect(await verdict(await key.signText(text()))).toBe('accepted');
  });

  it('is refused when a claim comes twice, at whatever depth and in whatever spelling', async () => {
    const twice = [
      text().replace('{', '{"tenant_id":"tnt_b",'),
      text().replace('{', '{"tenant_id" :"tnt_a",'),
      text().replace('{', String.raw`{"tenant\u005fid":"tnt_b",`),
      text({ act: 'ACT' }).replace('"ACT"', '{"sub":"a","sub":"b"}'),
      text({ act: 'ACT' }).replace('"ACT"', '[[{"sub":"a","x":{},"sub":"b"}]]'),
    ];
    for (const payload of twice)
      expect([payload, await verdict(await key.signText(payload))]).toContain('token_invalid');
    const apart = text({ act: { sub: 'a', act: { sub: 'b' } }, name: '"sub":"sub":{' });
    expect(await verdict(await key.signText(apart))).toBe('accepted');
  });

  it('is refused when its header says something twice', async () => {
    const [, payload = '', signature = ''] = (await key.sign()).split('.');
    const header = Buffer.from('{"alg":"none","alg":"ES256","kid":"ec"}').toString('base64url');
    expect(await verdict(`${header}.${payload}.${signature}`)).toBe('token_invalid');
  });

  it.each(['null', '[]', '"x"', '1', '{', '', '{"iss":1}'])('is refused when its payload is %j', async (payload) => {
    expect(await verdict(await key.signText(payload))).toBe('token_invalid');
  });

  it('is refused when its text is not UTF-8, or not the one spelling of base64url', async () => {
    const [header = '', payload = '', signature = ''] = (await key.sign()).split('.');
    const spoiled = Buffer.from(payload, 'base64url');
    spoiled[spoiled.indexOf('usr_1')] = 0xff;
    const spellings = [
      `${header}.${spoiled.toString('base64url')}.${signature}`,
      `${header}=.${payload}.${signature}`,
      `${header}.${payload}.${signature}==`,
      `${header}.${payload}\n.${signature}`,
      `${header}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}+`,
      `${header}.${payload}.${otherSpelling(signature)}`,
      JSON.stringify({ protected: header, payload, signature }),
    ];
    for (const token of spellings) expect(await verdict(token)).toBe('token_invalid');
  });

  it.each([undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('may be of type %j', async (typ) => {
    expect(await verdict(await key.sign({}, typ === undefined ? {} : { typ }))).toBe('accepted');
  });

  it.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JOSE', '', 1])('may not be of type %j', async (typ) => {
    expect(await verdict(await key.signText(text(), { typ }))).toBe('token_invalid');
  });

  it('is refused without a kid, or with one that is none', async () => {
    for (const kid of [undefined, '', 7, null, 'x'.repeat(257)])
      expect(await verdict(await key.signText(text(), { kid }))).toBe('token_invalid');
  });
});

describe('what the header brings along', () => {
  it('is refused as critical when we do not know it, and an unencoded payload always', async () => {
    expect(await verdict(await key.signText(text(), { crit: ['exp'], exp: 1 }))).toBe('token_invalid');
    expect(await verdict(await key.signText(text(), { crit: [] }))).toBe('token_invalid');
    expect(await verdict(await key.signText(text(), { crit: ['b64'], b64: true }))).toBe('accepted');
    expect(await verdict(await key.signText(text(), { crit: ['b64'], b64: false }))).toBe('token_invalid');
  });

  it('is no key: neither embedded, nor at an address, nor in a certificate', async () => {
    const stranger = await createIssuerKey('ec');
    const offers = [
      { jwk: stranger.jwk },
      { jku: 'http://127.0.0.1:1/jwks' },
      { x5u: 'http://127.0.0.1:1/chain' },
      { x5c: ['MIIB'] },
      { kid: '../../dev/null' },
      { kid: "x' union select 'x" },
    ];
    for (const offer of offers) {
      expect(await verdict(await stranger.sign({}, offer))).toBe('token_invalid');
      // And where the signature is good, it changes nothing.
      if (!('kid' in offer)) expect(await verdict(await key.signText(text(), offer))).toBe('accepted');
    }
  });
});

describe('the algorithm', () => {
  const hmac = (secret: Uint8Array | string, kid: string, alg = 'HS256'): Promise<string> =>
    new SignJWT(JSON.parse(text()))
      .setProtectedHeader({ alg, kid })
      .sign(typeof secret === 'string' ? new TextEncoder().encode(secret) : secret);

  it.each(['HS256', 'HS384', 'HS512'])('is never %s, with whatever of the public key as its secret', async (alg) => {
    const imported = await importJWK(rsa.jwk, 'RS256');
    if (imported instanceof Uint8Array) throw new Error('no key');
    const spki = await exportSPKI(imported);
    for (const secret of [spki, spki.trim(), JSON.stringify(rsa.jwk), String(rsa.jwk.n)])
      expect(await verdict(await hmac(secret, 'rsa', alg))).toBe('token_invalid');
  });

  it('is not HMAC either where the issuer publishes a shared key by mistake', async () => {
    expect(await verdict(await hmac('a secret that lies in the open', 'oct'))).toBe('token_invalid');
  });

  it.each(['none', 'None', 'NONE', 'nOnE', '', null])('is never %j', async (alg) => {
    const [, payload = '', signature = ''] = (await key.sign()).split('.');
    const header = Buffer.from(JSON.stringify({ alg, kid: 'ec' })).toString('base64url');
    for (const token of [`${header}.${payload}.`, `${header}.${payload}`, `${header}.${payload}.${signature}`])
      expect(await verdict(token)).toBe('token_invalid');
  });

  it('fits its key: neither a key of another kind nor one for encryption', async () => {
    const claims = JSON.parse(text());
    const { privateKey } = await generateKeyPair('ES384', { extractable: true });
    expect(
      await verdict(await new SignJWT(claims).setProtectedHeader({ alg: 'ES384', kid: 'ec' }).sign(privateKey)),
    ).toBe('token_invalid');
    expect(await verdict(await key.sign({}, { kid: 'rsa' }))).toBe('token_invalid');
    expect(await verdict(await key.sign({}, { kid: 'enc' }))).toBe('token_invalid');
  });
});

describe('times', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['an end in the far past', { exp: 0 }, 'token_expired'],
    ['an end before everything', { exp: -1 }, 'token_expired'],
    ['an end that no calendar knows', { exp: 1e308 }, 'token_invalid'],
    ['an end in the year 9999', { exp: 253_402_300_799 }, 'accepted'],
    ['an issue that no calendar knows', { iat: -1e308 }, 'token_invalid'],
    ['an end within a second', { exp: nowSeconds + 0.000_000_1 }, 'accepted'],
    ['a beginning after its end', { nbf: nowSeconds + 120, exp: nowSeconds + 60 }, 'token_invalid'],
    ['an end that is a text', { exp: String(nowSeconds + 60) }, 'token_invalid'],
    ['no end', { exp: undefined }, 'token_invalid'],
    ['an issue that is a text', { iat: 'now' }, 'token_invalid'],
  ])('are judged: %s', async (_what, claims, expected) => {
    expect(await verdict(await key.signText(text(claims)))).toBe(expected);
  });
});
