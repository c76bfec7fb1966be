import { type Configuration, ConfigurationError } from '@scaivault/runtime';
import { createBearerVerifier } from '../authenticate/bearer-verifier.ts';
import { createPersonalTokenVerifier } from '../authenticate/personal-token-verifier.ts';
import { createTokenVerifier, type TokenVerifier } from '../authenticate/token-verifier.ts';
import { askProvider, type ClientCredentials } from './ask-provider.ts';
import type { IssuerDependencies, Issuers } from './open-issuers.ts';

const longestCacheMs = 60_000;

/** Our own client at ScaiKey, when it is configured. Throws ConfigurationError for half of one. */
export const scaiKeyClient = (config: Configuration): ClientCredentials | undefined => {
  const { SCAIKEY_CLIENT_ID: id, SCAIKEY_CLIENT_SECRET: secret } = config;
  if (id === undefined && secret === undefined) return undefined;
  if (id === undefined) throw new ConfigurationError('SCAIKEY_CLIENT_ID', 'is needed beside SCAIKEY_CLIENT_SECRET');
  if (secret === undefined) throw new ConfigurationError('SCAIKEY_CLIENT_SECRET', 'is needed beside SCAIKEY_CLIENT_ID');
  return { id, secret };
};

const createIntrospect =
  (config: Configuration, { discovery }: NonNullable<Issuers['scaiKey']>, credentials: ClientCredentials) =>
  async (token: string): Promise<unknown> => {
    const usual = `${config.SCAIKEY_URL}/api/v1/platform/oauth/introspect`;
    const url = (await discovery.endpoint('introspection_endpoint')) ?? usual;
    const { status, body } = await askProvider(url, { form: { token }, credentials });
    if (status !== 200) throw new Error(`The introspection endpoint answered ${status}.`);
    return body;
  };

/**
 * The check of every bearer token, as configured (rest-api-core 2.1): JWTs by the keys of their issuers, personal access
 * tokens by asking ScaiKey, where SCAIKEY_CLIENT_ID is set.
 */
export const openBearerVerifier = (
  config: Configuration,
  issuers: Issuers,
  { nowMs, onFailure }: IssuerDependencies,
): TokenVerifier => {
  const { TOKEN_LEEWAY: leewayMs, INTROSPECTION_CACHE_TTL: cacheMs } = config;
  if (cacheMs > longestCacheMs) throw new ConfigurationError('INTROSPECTION_CACHE_TTL', 'must be 60s at most');
  const jwt = createTokenVerifier({ issuers: issuers.all, leewayMs, nowMs });
  const credentials = scaiKeyClient(config);
  const { scaiKey } = issuers;
  if (scaiKey === undefined || config.SCAIKEY_URL === undefined || credentials === undefined)
    return createBearerVerifier(jwt, undefined);
  const introspect = createIntrospect(config, scaiKey, credentials);
  const personal = createPersonalTokenVerifier({ introspect, trusted: scaiKey, cacheMs, leewayMs, nowMs, onFailure });
  return createBearerVerifier(jwt, personal);
};
