import { createDiscovery, fetchDocument, scaiKeyClient } from '@scaivault/pipeline';
import type { Configuration } from '@scaivault/runtime';
import type { ExchangeAtScaiKey } from '../domain/token-exchange.ts';
import { createScaiKeyExchange, noExchange } from './scaikey-exchange.ts';

/** Token exchange as configured: SCAIKEY_CLIENT_ID at SCAIKEY_TOKEN_URL, else at the endpoint that discovery names. */
export const openExchange = (config: Configuration, nowMs: () => number): ExchangeAtScaiKey => {
  const credentials = scaiKeyClient(config);
  const { SCAIKEY_URL: url, SCAIKEY_TOKEN_URL: known } = config;
  if (credentials === undefined || url === undefined) return noExchange;
  const discovery = createDiscovery({
    url: `${url}/api/v1/platform/oauth/.well-known/openid-configuration`,
    issuer: undefined,
    fetchDocument,
    refreshMs: config.JWKS_REFRESH,
    nowMs,
  });
  const usual = `${url}/api/v1/platform/oauth/token`;
  const tokenUrl = async (): Promise<string> => known ?? (await discovery.endpoint('token_endpoint')) ?? usual;
  return createScaiKeyExchange({ tokenUrl, credentials });
};
