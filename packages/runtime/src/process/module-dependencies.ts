import type { Transport } from '@connectrpc/connect';
import type { Configuration } from '../config/configuration.ts';
import type { PeerName } from '../config/peers.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What a deployment shape gives to every service module; a module cannot tell which shape it runs in. */
export interface ModuleDependencies {
  readonly config: Configuration;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The wire to another service; calls go under this module's own name. */
  readonly transportTo: (peer: PeerName) => Transport;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
}
