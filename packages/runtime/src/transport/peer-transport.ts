import type { Transport } from '@connectrpc/connect';

/** The wire to one peer. */
export interface PeerTransport extends Transport {
  /** Asks grpc.health.v1 for a service of that name; rejects when the peer does not answer SERVING. */
  checkHealth(name: string): Promise<void>;
  close(): void;
}
