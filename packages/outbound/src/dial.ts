import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { Found } from './find-addresses.ts';
import { openTunnel } from './open-tunnel.ts';
import { OutboundError } from './outbound-error.ts';
import type { Target } from './target.ts';

export interface DialSettings {
  /** Forward proxy for addresses that are no exceptions. */
  readonly proxyUrl: string | undefined;
  /** Roots to trust in place of the built-in ones (PEM). */
  readonly roots: readonly string[] | undefined;
}

/** Whoever waits for the next step hears of a failure; a socket that fails between two steps must not end the process. */
const quietly = <S extends Socket>(socket: S): S => socket.on('error', () => {});

const openSocket = async (
  target: Target,
  found: Found,
  settings: DialSettings,
  signal: AbortSignal,
): Promise<Socket> => {
  const [first = ''] = found.addresses;
  if (settings.proxyUrl !== undefined && !found.areExcepted)
    return quietly(await openTunnel(settings.proxyUrl, first, target.port, signal));
  const socket = quietly(
    connect({
      host: target.host,
      port: target.port,
      autoSelectFamily: true,
      signal,
      // Not asked for a host that is an address; a name leads to the judged addresses and nowhere else.
      lookup: (_host, _options, callback) =>
        callback(
          null,
          found.addresses.map((address) => ({ address, family: isIP(address) })),
        ),
    }),
  );
  await once(socket, 'connect', { signal });
  return socket;
};

const secure = async (
  socket: Socket,
  { host }: Target,
  settings: DialSettings,
  signal: AbortSignal,
): Promise<Socket> => {
  const secured = quietly(
    connectSecurely({
      socket,
      host,
      // An address is no server name (RFC 6066 section 3); the certificate is compared with `host` then.
      servername: isIP(host) === 0 ? host : '',
      ALPNProtocols: ['http/1.1'],
      ...(settings.roots === undefined ? {} : { ca: [...settings.roots] }),
    }),
  );
  await once(secured, 'secureConnect', { signal });
  return secured;
};

/** A connection to one of the addresses found, up to TLS where the target wants it. OutboundError `connect`, `tls`. */
export const dial = async (
  target: Target,
  found: Found,
  settings: DialSettings,
  signal: AbortSignal,
): Promise<Socket> => {
  const socket = await openSocket(target, found, settings, signal).catch((cause: unknown) => {
    throw new OutboundError('connect', cause);
  });
  if (target.isPlain) return socket;
  return await secure(socket, target, settings, signal).catch((cause: unknown) => {
    socket.destroy();
    throw new OutboundError('tls', cause);
  });
};
