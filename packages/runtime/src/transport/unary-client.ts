import { fromBinary, type Message } from '@bufbuild/protobuf';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { toVaultError, type VaultError } from '@scaivault/errors';
import { rpcPath } from '../rpc/dispatcher.ts';
import { withHeaders } from '../rpc/error-headers.ts';
import { usualTimeoutMs } from '../rpc/usual-timeout.ts';
import type { HeaderSource } from './call-metadata.ts';
import { encodeRequest } from './encode-request.ts';
import { checkHealth, openGrpcClient, type PeerAddress } from './grpc-client.ts';
import type { PeerTransport } from './peer-transport.ts';
import { refusalIn } from './refusal-in.ts';
import { refuseStreams } from './refuse-streams.ts';
import { unreachable } from './unreachable.ts';

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

/** The refusal in the trailers; without one the gRPC status alone says what it was. */
const refusalOfTrailers = (metadata: Metadata | undefined): VaultError | undefined => {
  const [details] = metadata?.get('grpc-status-details-bin') ?? [];
  return details instanceof Buffer ? refusalIn(details) : undefined;
};

/** A failure of the wire or the peer as our refusal; what grpc-js says stays in the cause. */
const refusalOf = (error: ServiceError): VaultError => {
  const refusal = refusalOfTrailers(error.metadata);
  if (refusal !== undefined) return withHeaders(refusal, headersOf(error.metadata));
  switch (error.code) {
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
    // A peer of another version that does not know the RPC.
    case status.UNIMPLEMENTED:
      return unreachable(error);
    default:
      return toVaultError(error);
  }
};

/** Plain unary gRPC to one peer. */
export const createUnaryTransport = (peer: PeerAddress): PeerTransport => {
  const client = openGrpcClient(peer);
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
    checkHealth: (name) => checkHealth(client, name),
    close: () => client.close(),
  };
};
