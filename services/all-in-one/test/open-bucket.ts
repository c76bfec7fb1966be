import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Where exports can go on this machine: takes every file that is put. */
export interface Bucket extends AsyncDisposable {
  /** What a secret holds for it. */
  readonly credentials: Readonly<Record<string, string>>;
  /** By name, without the bucket. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Called for each file before it is kept; it is not answered before that resolves. */
  beforePut: (name: string) => Promise<void> | void;
}

export const bucketName = 'trail';

export const openBucket = async (secretAccessKey = 'a secret key'): Promise<Bucket> => {
  const files = new Map<string, Buffer>();
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const content = await buffer(request);
    const name = (request.url ?? '').replace(`/${bucketName}/`, '');
    await bucket.beforePut(name);
    files.set(name, content);
    response.end();
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bucket: Bucket = {
    credentials: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      access_key_id: 'a-key',
      secret_access_key: secretAccessKey.replaceAll(' ', '-'),
    },
    files,
    beforePut: () => {},
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return bucket;
};
