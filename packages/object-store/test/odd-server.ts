import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ObjectStore } from '../src/object-store.ts';
import { openS3ObjectStore, type S3ObjectStoreOptions } from '../src/s3/open-s3-object-store.ts';

export interface OddServer extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly endpoint: string;
  readonly requests: readonly IncomingMessage[];
  /** Connections that are open at the moment. */
  connections(): Promise<number>;
  /** Over all connections. */
  bytesSent(): number;
  stop(): Promise<void>;
}

export const canary = 'secret-access-key-canary';

/** The answer of S3 when it refuses. */
export const refuse = (response: ServerResponse, status: number, code: string): void => {
  response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': 'REQUEST0ID' });
  response.end(`<Error><Code>${code}</Code><Message>upstream-text-canary</Message></Error>`);
};

/** A server that answers as no S3 should, and a store on it that gives up after half a second unless told otherwise. */
export const startOddServer = async (
  answer: RequestListener,
  options: Partial<S3ObjectStoreOptions> = {},
): Promise<OddServer> => {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    response.on('error', () => {});
    answer(request, response);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const store = openS3ObjectStore({
    endpoint,
    bucket: 'bucket',
    region: 'us-east-1',
    accessKeyId: 'access-key-id-canary',
    secretAccessKey: canary,
    forcePathStyle: true,
    timeoutMs: 500,
    largestBytes: 1024 * 1024,
    ...options,
  });
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    store,
    endpoint,
    requests,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      ),
    bytesSent: () => sockets.values().reduce((sum, socket) => sum + socket.bytesWritten, 0),
    stop,
    async [Symbol.asyncDispose]() {
      await store.close();
      await stop();
    },
  };
};
