import { fromBinary, type Message } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import {
  type ChannelCredentials,
  Client,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { VaultError } from '@scaivault/errors';
import { service as health } from 'grpc-health-check';
import { rpcPath } from '../rpc/dispatcher.ts';
import { withHeaders } from '../rpc/error-headers.ts';
import { usualTimeoutMs } from '../rpc/usual-timeout.ts';
import { decodeWireError } from '../rpc/wire-error.ts';
import type { HeaderSource } from './call-metadata.ts';
import { encodeRequest } from './encode-request.ts';
import { maxMessageBytes } from './limits.ts';
import { refuseStreams } from './refuse-streams.ts';
import { unreachable } from './unreachable.ts';

export interface UnaryTransport extends Transport {
  /** Asks grpc.health.v1 for a service of that name; rejects when the peer does not answer SERVING. */
  checkHealth(name: string): Promise<void>;
  close(): void;
}

interface HealthAnswer {
  readonly status: string;
}

const healthTimeoutMs = 1_500;

export interface UnaryTransportOptions {
  /** `host:port` of the peer. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  /** Name that the peer's certificate must carry, when it differs from the host dialled. */
  readonly serverName?: string;
}

const headersOf = (metadata: Metadata | undefined): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(metadata?.getMap() ?? {})) {
    if (!name.endsWith('-bin')) headers.set(name, value.toString());
  }
  return headers;
};

const metadataFrom = (header: HeaderSource): Metadata => {
  const metadata = new Metadata();
  for (const [name, value] of new Headers(header)) metadata.set(name, value);
  return metadata;
};

/** The refusal in the trailers, or undefined: what a peer sends is data, and none of it may end this process. */
const refusalIn = (metadata: Metadata | undefined): VaultError | undefined => {
  const [details] = metadata?.get('grpc-status-details-bin') ?? [];
  if (!(details instanceof Buffer)) return undefined;
  try {
    return decodeWireError(details);
  } catch {
    // Not ours; the gRPC status alone says what it was.
    return undefined;
  }
};

/** A failure of the wire or the peer as our refusal; what grpc-js says stays in the cause. */
const refusalOf = (error: ServiceError): VaultError => {
  const refusal = refusalIn(error.metadata);
  if (refusal !== undefined) return withHeaders(refusal, headersOf(error.metadata));
  switch (error.code) {
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
    // A peer of another version that does not know the RPC.
    case status.UNIMPLEMENTED:
      return unreachable(error);
    default:
      return new VaultError('internal_error', 'An internal error occurred. Report it with the request id.', {
        cause: error,
      });
  }
};

/** Plain unary gRPC to one peer over a kept-alive HTTP/2 connection that reconnects by itself. */
export const createUnaryTransport = (options: UnaryTransportOptions): UnaryTransport => {
  const client = new Client(options.address, options.credentials, {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.min_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
    ...(options.serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': options.serverName, 'grpc.default_authority': options.serverName }),
  });
  return {
    unary: (method, signal, timeoutMs = usualTimeoutMs(method), header, input) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(unreachable());
          return;
        }
        let received: Metadata | undefined;
        const call = client.makeUnaryRequest<Uint8Array, Message>(
          rpcPath(method),
          (bytes) => Buffer.from(bytes),
          (bytes) => fromBinary(method.output, bytes),
          encodeRequest(method.input, input),
          metadataFrom(header),
          { deadline: Date.now() + timeoutMs },
          (error, answer) => {
            signal?.removeEventListener('abort', cancel);
            if (error !== null) reject(refusalOf(error));
            else
              resolve({
                stream: false,
                service: method.parent,
                method,
                header: headersOf(received),
                trailer: new Headers(),
                message: answer as never,
              });
          },
        );
        const cancel = (): void => call.cancel();
        call.on('metadata', (metadata) => {
          received = metadata;
        });
        signal?.addEventListener('abort', cancel, { once: true });
      }),
    stream: refuseStreams,
    checkHealth: (name) =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = health.Check as MethodDefinition<object, HealthAnswer>;
        const deadline = Date.now() + healthTimeoutMs;
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          { service: name },
          { deadline },
          (error, answer) => {
            if (error === null && answer?.status === 'SERVING') resolve();
            else reject(error ?? new Error(`${name} is ${answer?.status}`));
          },
        );
      }),
    close: () => client.close(),
  };
};
