import type { Transport } from '@connectrpc/connect';
import type { Configuration } from '../config/configuration.ts';
import type { PeerName } from '../config/peers.ts';
import { clientCredentials, peerHostname, type TlsIdentity } from './tls.ts';
import { createUnaryTransport, type UnaryTransport } from './unary-client.ts';

const defaultRpcPort = 9443;

export interface PeerTransports {
  /** The wire to a peer, dialled on first use and kept. */
  to(peer: PeerName): Transport;
  /** Rejects when a peer does not report this readiness check as healthy. */
  check(peer: PeerName, name: string): Promise<void>;
  close(): void;
}

/** Wires from one process to its peers: PEER_<SERVICE>_URL, else `https://<service>:9443`, names checked by certificate. */
export const createPeerTransports = (config: Configuration, tls: TlsIdentity): PeerTransports => {
  const open = new Map<PeerName, UnaryTransport>();
  const dial = (peer: PeerName): UnaryTransport => {
    const url = new URL(config.peerUrls[peer] ?? `https://${peer}:${defaultRpcPort}`);
    const transport = createUnaryTransport({
      address: `${url.hostname}:${url.port === '' ? defaultRpcPort : url.port}`,
      credentials: clientCredentials(tls),
      serverName: peerHostname(peer),
    });
    open.set(peer, transport);
    return transport;
  };
  const to = (peer: PeerName): UnaryTransport => open.get(peer) ?? dial(peer);
  return {
    to,
    check: (peer, name) => to(peer).checkHealth(name),
    close: () => {
      for (const transport of open.values()) transport.close();
    },
  };
};
