import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Secret } from '../config/secret.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { splitAddress } from '../transport/address.ts';

export interface MetricsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** True when no token is asked for, or the Authorization header carries it. */
export const mayReadMetrics = (token: Secret | undefined, authorization: string | undefined): boolean => {
  if (token === undefined) return true;
  const wanted = Buffer.from(`Bearer ${token.reveal()}`);
  const given = Buffer.from(authorization ?? '');
  return wanted.length === given.length && timingSafeEqual(wanted, given);
};

/** Prometheus text on a port of its own (METRICS_BIND_ADDRESS); workers share it (`reusePort`). */
export const startMetricsServer = async (
  address: string,
  token: Secret | undefined,
  metrics: Metrics,
  reusePort = false,
): Promise<MetricsServer> => {
  const server = createServer((request, response) => {
    if (request.url !== '/v1/metrics' && request.url !== '/metrics') response.writeHead(404).end();
    else if (!mayReadMetrics(token, request.headers.authorization)) response.writeHead(401).end();
    else {
      metrics.render().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    }
  });
  const { host, port } = splitAddress(address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, reusePort }, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
