import { VaultError } from '@scaivault/errors';
import type { FastifyInstance } from 'fastify';
import type { Tenant } from '../directory.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import { everydayScopes } from '../scopes.ts';
import { publicJwk, signingAlgorithms } from '../signing-keys.ts';
import { issuerOf } from '../token-claims.ts';

type TenantRoute = { Params: { slug: string } };

/** The tenant of an address `/api/v1/auth/tenants/{slug}`; its id is taken too. */
export const tenantOfSlug = ({ state }: Pick<EmulatorContext, 'state'>, slug: string): Tenant => {
  const tenant = state.directory.tenants.find((each) => each.slug === slug || each.id === slug);
  if (tenant === undefined) throw new VaultError('not_found', `There is no tenant "${slug}".`);
  return tenant;
};

const discovery = (url: string, issuer: string, folder: string, jwksPath: string): object => ({
  issuer,
  token_endpoint: `${url}${folder}/token`,
  introspection_endpoint: `${url}/api/v1/platform/oauth/introspect`,
  jwks_uri: `${url}${jwksPath}`,
  grant_types_supported: ['client_credentials'],
  response_types_supported: [],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: signingAlgorithms,
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  scopes_supported: [...everydayScopes, 'admin', 'admin:read'],
});

/** Discovery and key sets, of the platform and of each tenant. */
export const registerOpenId = (
  app: FastifyInstance,
  context: Pick<EmulatorContext, 'url' | 'state' | 'faults'>,
): void => {
  const { url, state, faults } = context;
  const keySet = (): object => {
    if (faults.jwks_down) throw new VaultError('service_unavailable', 'The key set is down, as ordered.');
    return { keys: state.keys.map(publicJwk) };
  };

  app.get('/api/v1/platform/oauth/.well-known/openid-configuration', () =>
    discovery(url(), issuerOf(url(), undefined), '/api/v1/platform/oauth', '/api/v1/platform/.well-known/jwks.json'),
  );
  app.get('/api/v1/platform/.well-known/jwks.json', keySet);
  app.get<TenantRoute>('/api/v1/auth/tenants/:slug/.well-known/openid-configuration', ({ params }) => {
    const tenant = tenantOfSlug(context, params.slug);
    const folder = `/api/v1/auth/tenants/${tenant.slug}`;
    return discovery(url(), issuerOf(url(), tenant.id), `${folder}/oauth`, `${folder}/.well-known/jwks.json`);
  });
  app.get<TenantRoute>('/api/v1/auth/tenants/:slug/.well-known/jwks.json', ({ params }) => {
    tenantOfSlug(context, params.slug);
    return keySet();
  });
};
