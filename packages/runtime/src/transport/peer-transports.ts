import type { Transport } from '@connectrpc/connect';
import type { Configuration } from '../config/configuration.ts';
import type { PeerName } from '../config/peers.ts';
import { createCoalescedTransport } from './coalesced/client.ts';
import type { PeerTransport } from './peer-transport.ts';
import { clientCredentials, peerHostname, type TlsIdentity } from './tls.ts';
import { createUnaryTransport } from './unary-client.ts';

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
  const create = config.RPC_COALESCE === 'on' ? createCoalescedTransport : createUnaryTransport;
  const open = new Map<PeerName, PeerTransport>();
  const dial = (peer: PeerName): PeerTransport => {
    const url = new URL(config.peerUrls[peer] ?? `https://${peer}:${defaultRpcPort}`);
    const transport = create({
      address: `${url.hostname}:${url.port === '' ? defaultRpcPort : url.port}`,
      credentials: clientCredentials(tls),
      serverName: peerHostname(peer),
    });
    open.set(peer, transport);
    return transport;
  };
  const to = (peer: PeerName): PeerTransport => open.get(peer) ?? dial(peer);
  return {
    to,
    check: (peer, name) => to(peer).checkHealth(name),
    close: () => {
      for (const transport of open.values()) transport.close();
    },
  };
};
