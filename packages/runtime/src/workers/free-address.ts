import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * An address of this machine that nobody listens on: the one that is asked for, or, for port 0, one that the system
 * chooses. Rejects with EADDRINUSE when somebody does, be it one that would share it (SO_REUSEPORT).
 */
export const findFreeAddress = async ({ host, port }: Address): Promise<Address> => {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const { port: found } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { host, port: found };
};
