import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { JWK } from 'jose';
import { onTestFinished } from 'vitest';

export interface Question {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}

/** An identity provider on loopback whose answers a test decides, down to the bytes. */
export interface IdentityProvider {
  readonly url: string;
  readonly questions: Question[];
  keys: JWK[];
  /** False: every address answers 503. */
  isUp: boolean;
  /** Laid over the discovery document. */
  document: Record<string, unknown>;
  /** Answers what is none of discovery and keys. */
  answer: (question: Question, response: ServerResponse) => void;
}

export const sendJson = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

export const startIdentityProvider = async (): Promise<IdentityProvider> => {
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await text(request));
    const path = request.url ?? '';
    const question = { path, authorization: request.headers.authorization, form };
    provider.questions.push(question);
    if (!provider.isUp) sendJson(response, {}, 503);
    else if (path.endsWith('/.well-known/openid-configuration'))
      sendJson(response, { issuer: provider.url, jwks_uri: `${provider.url}/jwks`, ...provider.document });
    else if (path === '/jwks') sendJson(response, { keys: provider.keys });
    else provider.answer(question, response);
  };
  const server = createServer((request, response) => {
    respond(request, response).catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const provider: IdentityProvider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    questions: [],
    keys: [],
    isUp: true,
    document: {},
    answer: (_question, response) => sendJson(response, {}, 404),
  };
  return provider;
};
