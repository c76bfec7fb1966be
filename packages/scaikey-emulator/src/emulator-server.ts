import { toVaultError, VaultError } from '@scaivault/errors';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { EmulatorContext } from './emulator-context.ts';
import type { EmulatorLog } from './emulator-log.ts';
import { registerAdminLists } from './routes/admin-lists.ts';
import { registerDirectory } from './routes/directory.ts';
import { disturb, registerFaults } from './routes/faults.ts';
import { registerOAuth } from './routes/oauth.ts';
import { registerOpenId } from './routes/openid.ts';
import { registerTokens } from './routes/tokens.ts';
import { registerTrusts } from './routes/trusts.ts';
import { registerWebhooks } from './routes/webhooks.ts';

/** What a broken JSON Schema rule means, with the name of the field. */
const explain = (error: NonNullable<FastifyError['validation']>[number], part: string): string => {
  const place = `${part}${error.instancePath}`;
  const { additionalProperty, allowedValues, missingProperty } = error.params;
  if (typeof missingProperty === 'string') return `${place}: "${missingProperty}" is required`;
  if (typeof additionalProperty === 'string') return `${place}: unknown field "${additionalProperty}"`;
  if (Array.isArray(allowedValues)) return `${place}: must be one of ${allowedValues.join(', ')}`;
  return `${place}: ${error.message ?? 'is not valid'}`;
};

const asVaultError = (error: FastifyError | VaultError): VaultError => {
  if (error instanceof VaultError || error.statusCode === undefined || error.statusCode >= 500)
    return toVaultError(error);
  if (error.statusCode === 415) {
    return new VaultError(
      'unsupported_media_type',
      'Send JSON, or a form to the OAuth endpoints, and say so in Content-Type.',
    );
  }
  return new VaultError(error.statusCode === 413 ? 'payload_too_large' : 'invalid_request', error.message);
};

/** All endpoints on one server; refusals are `{error, error_description}` (RFC 6749 section 5.2). */
export const createEmulatorServer = (context: EmulatorContext, log: EmulatorLog): FastifyInstance => {
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
    schemaErrorFormatter: (errors, part) =>
      new VaultError('invalid_request', errors.map((error) => explain(error, part)).join('; ')),
  });
  app.setErrorHandler<FastifyError | VaultError>((error, _request, reply) => {
    const refusal = asVaultError(error);
    if (refusal.httpStatus === 500) log.warn({ err: refusal.cause }, 'request failed');
    return reply.code(refusal.httpStatus).send({ error: refusal.code, error_description: refusal.message });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: 'not_found', error_description: `No route ${request.method} ${request.url}` }),
  );

  disturb(app, context);
  // Each group is a scope of its own: form bodies and the admin check stay where they belong.
  for (const register of [
    registerOpenId,
    registerOAuth,
    registerAdminLists,
    registerTokens,
    registerTrusts,
    registerDirectory,
    registerWebhooks,
    registerFaults,
  ]) {
    app.register(async (scope) => register(scope, context));
  }
  return app;
};
