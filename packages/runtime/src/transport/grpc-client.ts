import { create } from '@bufbuild/protobuf';
import { type ChannelCredentials, type ChannelOptions, Client } from '@grpc/grpc-js';
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@scaivault/contracts/grpc/health/v1/health';
import { healthCheck } from './health.ts';
import { maxMessageBytes } from './limits.ts';

export interface PeerAddress {
  /** `host:port` of the peer. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  /** Name that the peer's certificate must carry, when it differs from the host dialled. */
  readonly serverName?: string;
}

const healthTimeoutMs = 1_500;

/** A kept-alive HTTP/2 connection to one peer that reconnects by itself. */
export const openGrpcClient = (peer: PeerAddress, options: ChannelOptions = {}): Client =>
  new Client(peer.address, peer.credentials, {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.keepalive_time_ms': 30_000,
    // Answers need not wait for word that the last 64 KiB were read.
    'grpc-node.flow_control_window': 1024 * 1024,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.min_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
    ...(peer.serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': peer.serverName, 'grpc.default_authority': peer.serverName }),
    ...options,
  });

/** Asks grpc.health.v1 for a service of that name; rejects when the peer does not answer SERVING. */
export const checkHealth = (client: Client, name: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = healthCheck;
    const deadline = Date.now() + healthTimeoutMs;
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      create(HealthCheckRequestSchema, { service: name }),
      { deadline },
      (error, answer) => {
        if (error === null && answer?.status === ServingStatus.SERVING) resolve();
        else reject(error ?? new Error(`${name} does not serve.`));
      },
    );
  });
