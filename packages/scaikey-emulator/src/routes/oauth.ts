import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ClientCredentials, findClient, readBasic } from '../client-credentials.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import { exchangeGrant, exchangeToken } from '../exchange-token.ts';
import { readBearer } from '../read-bearer.ts';
import { tenantOfSlug } from './openid.ts';

type Form = Partial<Record<string, string>>;
type FormRoute = { Body: Form | null };

const refuse = (reply: FastifyReply, status: number, error: string, description: string): FastifyReply =>
  reply.code(status).send({ error, error_description: description });

const credentialsOf = (request: FastifyRequest<FormRoute>): ClientCredentials | undefined => {
  const { client_id: id, client_secret: secret } = request.body ?? {};
  return readBasic(request.headers.authorization) ?? (id && secret ? { id, secret } : undefined);
};

/** The token endpoint in its three addresses (RFC 6749) and introspection (RFC 7662), both form-encoded. */
export const registerOAuth = (
  app: FastifyInstance,
  context: Pick<EmulatorContext, 'state' | 'directory' | 'tokens' | 'trusts' | 'now'>,
): void => {
  const { directory, tokens } = context;
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  const issue = async (request: FastifyRequest<FormRoute>, reply: FastifyReply, tenantId?: string) => {
    const { grant_type: grantType, scope: asked } = request.body ?? {};
    if (grantType !== 'client_credentials' && grantType !== exchangeGrant) {
      return refuse(
        reply,
        400,
        'unsupported_grant_type',
        'The emulator knows client_credentials and token exchange only; see POST /dev/token.',
      );
    }
    const client = findClient(directory.data, credentialsOf(request), tenantId);
    if (client === undefined) {
      reply.header('www-authenticate', 'Basic realm="scaikey-emulator"');
      return refuse(reply, 401, 'invalid_client', 'No active service account has this client_id and client_secret.');
    }
    if (grantType === exchangeGrant) {
      const outcome = await exchangeToken(request.body ?? {}, context);
      return 'error' in outcome ? refuse(reply, 400, outcome.error, outcome.description) : outcome;
    }
    const scopes = asked?.split(' ').filter((word) => word !== '') ?? client.scopes;
    const excess = scopes.filter((scope) => !client.scopes.includes(scope));
    if (excess.length > 0)
      return refuse(reply, 400, 'invalid_scope', `Not granted to this client: ${excess.join(' ')}`);
    return { ...(await tokens.mintToken({ sub: client.id, scope: scopes })), scope: scopes.join(' ') };
  };

  app.post<FormRoute>('/oauth/token', (request, reply) => issue(request, reply));
  app.post<FormRoute>('/api/v1/platform/oauth/token', (request, reply) => issue(request, reply));
  app.post<FormRoute & { Params: { slug: string } }>('/api/v1/auth/tenants/:slug/oauth/token', (request, reply) =>
    issue(request, reply, tenantOfSlug(context, request.params.slug).id),
  );

  app.post<FormRoute>('/api/v1/platform/oauth/introspect', async (request, reply) => {
    const caller = findClient(directory.data, credentialsOf(request)) ?? (await readBearer(tokens, request));
    if (caller === undefined) {
      reply.header('www-authenticate', 'Basic realm="scaikey-emulator"');
      return refuse(reply, 401, 'invalid_client', 'Introspection needs client credentials or a bearer token.');
    }
    const token = request.body?.token;
    if (!token) return refuse(reply, 400, 'invalid_request', 'The form field "token" is missing.');
    const claims = await tokens.inspect(token);
    return claims === undefined ? { active: false } : { active: true, token_type: 'Bearer', ...claims };
  });
};
