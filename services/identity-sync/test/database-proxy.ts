import { createServer, connect as open, type Socket } from 'node:net';

/** A wire to the database that can be cut, also at the worst moment. */
export const openDatabaseProxy = async (url: string) => {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isDown = false;
  let cutsAtCommit = false;

  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (isDown) {
      client.destroy();
      return;
    }
    const upstream = open({ host: target.hostname, port: Number(target.port) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => upstream.end());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (chunk) => {
      if (cutsAtCommit && chunk.includes('COMMIT')) {
        cutsAtCommit = false;
        client.destroy();
        return;
      }
      client.write(chunk);
    });
    client.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    /** No connection holds and none is made. */
    down: (): void => {
      isDown = true;
      cut();
    },
    up: (): void => {
      isDown = false;
    },
    /** Loses the answer to the next commit. */
    cutAtCommit: (): void => {
      cutsAtCommit = true;
    },
    close: async (): Promise<void> => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
