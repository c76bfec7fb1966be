import { once } from 'node:events';
import { createServer as createPlain, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Receiver extends AsyncDisposable {
  readonly port: number;
  readonly requests: readonly IncomingMessage[];
  readonly connections: () => number;
}

export interface ReceiverOptions {
  readonly host?: string;
  readonly port?: number;
  readonly identity?: { readonly certificate: string; readonly key: string };
}

/** A real HTTP or HTTPS server on loopback. */
export const openReceiver = async (
  answer: RequestListener,
  { host = '127.0.0.1', port = 0, identity }: ReceiverOptions = {},
): Promise<Receiver> => {
  const requests: IncomingMessage[] = [];
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    requests.push(request);
    answer(request, response);
  };
  const server =
    identity === undefined
      ? createPlain(listener)
      : createSecure({ cert: identity.certificate, key: identity.key }, listener);
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
