import { connect, createServer, type Server, type Socket } from 'node:net';

export interface TcpGateOptions {
  readonly host: string;
  readonly port: number;
  /** What passes on of each piece that arrives; all of it when left out. */
  readonly toServer?: (piece: Buffer) => Buffer;
  readonly toClient?: (piece: Buffer) => Buffer;
}

export interface TcpGate extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Cuts every connection; nobody listens on the port when it resolves. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

const asIs = (piece: Buffer): Buffer => piece;

/** A port in front of a server, so that a test can take that server away from some of its clients, or get in between. */
export const openTcpGate = async ({
  host,
  port: serverPort,
  toServer = asIs,
  toClient = asIs,
}: TcpGateOptions): Promise<TcpGate> => {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;

  const join = (client: Socket): void => {
    const upstream = connect({ host, port: serverPort });
    for (const [from, to, change] of [
      [client, upstream, toServer],
      [upstream, client, toClient],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (piece: Buffer) => void to.write(change(piece)));
    }
  };

  const open = async (): Promise<void> => {
    const listening = createServer(join);
    await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve));
    const address = listening.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    server = listening;
  };

  const shut = async (): Promise<void> => {
    const closed = new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
    for (const socket of sockets) socket.destroy();
    await closed;
    server = undefined;
  };

  await open();
  return { port, shut, open, [Symbol.asyncDispose]: shut };
};
