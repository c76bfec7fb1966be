import type { Configuration } from '@scaivault/runtime';
import { createKeySet, type KeySet } from '../authenticate/key-set.ts';

const answerTimeoutMs = 5_000;

const fetchJson = async (url: string): Promise<unknown> => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs), redirect: 'error' });
  if (!answer.ok) throw new Error(`The identity provider answered ${answer.status}.`);
  return await answer.json();
};

const discoveryUrl = (config: Configuration): string => {
  if (config.OIDC_ISSUER !== undefined) return `${config.OIDC_ISSUER}/.well-known/openid-configuration`;
  return `${config.SCAIKEY_URL}/api/v1/platform/oauth/.well-known/openid-configuration`;
};

const locate = async (config: Configuration): Promise<string> => {
  if (config.SCAIKEY_JWKS_URL !== undefined) return config.SCAIKEY_JWKS_URL;
  const document = await fetchJson(discoveryUrl(config));
  if (
    typeof document === 'object' &&
    document !== null &&
    'jwks_uri' in document &&
    typeof document.jwks_uri === 'string'
  ) {
    return document.jwks_uri;
  }
  throw new Error('The discovery document names no jwks_uri.');
};

/** The issuer's keys, found as configured: SCAIKEY_JWKS_URL, else by discovery (rest-api-core 2.1). */
export const openKeySet = (config: Configuration, nowMs: () => number, onFailure: (error: unknown) => void): KeySet =>
  createKeySet({ locate: () => locate(config), fetchJson, refreshMs: config.JWKS_REFRESH, nowMs, onFailure });

/** Issuer (pattern) and audience that tokens must carry. */
export const tokenExpectations = (config: Configuration): { readonly issuer: string; readonly audience: string } => ({
  issuer: config.OIDC_ISSUER ?? config.SCAIKEY_ISSUER ?? `${config.SCAIKEY_URL}/tenants/*`,
  audience: config.OIDC_AUDIENCE ?? config.SCAIKEY_AUDIENCE ?? '',
});
