import { create, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { type ChannelCredentials, Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { VaultError } from '@scaivault/errors';
import { rpcPath } from '../rpc/dispatcher.ts';
import { withHeaders } from '../rpc/error-headers.ts';
import { decodeWireError } from '../rpc/wire-error.ts';
import type { HeaderSource } from './call-metadata.ts';
import { defaultRpcTimeoutMs, maxMessageBytes } from './limits.ts';
import { refuseStreams } from './refuse-streams.ts';

export interface UnaryTransport extends Transport {
  close(): void;
}

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

/** A failure of the wire or the peer as our refusal; what grpc-js says stays in the cause. */
const refusalOf = (error: ServiceError): VaultError => {
  const [details] = error.metadata?.get('grpc-status-details-bin') ?? [];
  const refusal = details instanceof Buffer ? decodeWireError(details) : undefined;
  if (refusal !== undefined) return withHeaders(refusal, headersOf(error.metadata));
  switch (error.code) {
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
      return new VaultError('service_unavailable', 'A part of the service is not reachable. Try again.', {
        cause: error,
        retryAfterSeconds: 1,
      });
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
    unary: (method, signal, timeoutMs = defaultRpcTimeoutMs, header, input) =>
      new Promise((resolve, reject) => {
        let received: Metadata | undefined;
        const call = client.makeUnaryRequest<Message, Message>(
          rpcPath(method),
          (message) => Buffer.from(toBinary(method.input, message as never)),
          (bytes) => fromBinary(method.output, bytes),
          create(method.input, input) as Message,
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
    close: () => client.close(),
  };
};
