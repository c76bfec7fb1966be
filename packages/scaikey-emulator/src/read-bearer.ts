import type { FastifyRequest } from 'fastify';
import type { JWTPayload } from 'jose';
import type { TokenIssuer } from './token-issuer.ts';

/** The claims of the caller's own bearer token, when it has a good one. */
export const readBearer = async (
  tokens: Pick<TokenIssuer, 'inspect'>,
  request: Pick<FastifyRequest, 'headers'>,
): Promise<JWTPayload | undefined> => {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return token === undefined ? undefined : tokens.inspect(token);
};
