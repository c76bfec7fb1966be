import { describe, expect, it } from 'vitest';
import { createDiscovery } from './discovery.ts';

const open = (url = 'https://idp.test/.well-known/openid-configuration', issuer?: string) => {
  const state = { nowMs: 0, asked: 0, document: {} as unknown, isUp: true };
  const discovery = createDiscovery({
    url,
    issuer,
    fetchDocument: async () => {
      state.asked += 1;
      if (!state.isUp) throw new Error('no route');
      return state.document;
    },
    refreshMs: 600_000,
    nowMs: () => state.nowMs,
  });
  return { state, discovery };
};

describe('createDiscovery', () => {
  it('reads the document once in its time, and serves on through an outage', async () => {
    const { state, discovery } = open();
    state.document = { jwks_uri: 'https://idp.test/one' };
    expect(await discovery.endpoint('jwks_uri')).toBe('https://idp.test/one');
    expect(await discovery.endpoint('token_endpoint')).toBeUndefined();
    expect(state.asked).toBe(1);
    state.nowMs = 600_000;
    state.isUp = false;
    expect(await discovery.endpoint('jwks_uri')).toBe('https://idp.test/one');
    state.isUp = true;
    state.document = { jwks_uri: 'https://idp.test/two' };
    expect(await discovery.endpoint('jwks_uri')).toBe('https://idp.test/two');
  });

  it('rejects as long as no document was ever read', async () => {
    const { state, discovery } = open();
    state.isUp = false;
    await expect(discovery.endpoint('jwks_uri')).rejects.toThrow('no route');
  });

  it('believes only the document of the issuer it was told', async () => {
    const { state, discovery } = open(undefined, 'https://idp.test/');
    for (const issuer of ['https://idp.test', 'https://evil.test/', undefined, 7]) {
      state.document = { issuer, jwks_uri: 'https://idp.test/one' };
      await expect(discovery.endpoint('jwks_uri')).rejects.toThrow('another issuer');
    }
    state.document = { issuer: 'https://idp.test/', jwks_uri: 'https://idp.test/one' };
    expect(await discovery.endpoint('jwks_uri')).toBe('https://idp.test/one');
  });

  it.each([['http://idp.test/keys'], ['file:///etc/passwd'], ['keys'], [''], [7], [null]])(
    'takes %j for no address, where the document came by https',
    async (value) => {
      const { state, discovery } = open();
      state.document = { jwks_uri: value };
      await expect(discovery.endpoint('jwks_uri')).rejects.toThrow('jwks_uri is');
    },
  );

  it('may go on by plain HTTP where it began so', async () => {
    const { state, discovery } = open('http://127.0.0.1:1/x');
    state.document = { jwks_uri: 'http://127.0.0.1:1/keys' };
    expect(await discovery.endpoint('jwks_uri')).toBe('http://127.0.0.1:1/keys');
  });

  it.each([[null], [7], ['text']])('takes %j for no document', async (document) => {
    const { state, discovery } = open();
    state.document = document;
    await expect(discovery.endpoint('jwks_uri')).rejects.toThrow('no discovery document');
  });
});
