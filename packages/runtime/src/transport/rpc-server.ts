import { fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import {
  type handleUnaryCall,
  Metadata,
  Server,
  type ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { VaultError } from '@scaivault/errors';
import { CallContext } from '../rpc/call-context.ts';
import type { CompiledMethod, Dispatcher } from '../rpc/dispatcher.ts';
import { usualTimeoutMs } from '../rpc/usual-timeout.ts';
import { encodeWireError, grpcStatusOf, sendable } from '../rpc/wire-error.ts';
import { type CalleeStream, openCalleeStream } from './coalesced/callee-stream.ts';
import { exchange } from './coalesced/exchange.ts';
import { createHealthReport } from './health.ts';
import { maxMessageBytes } from './limits.ts';
import { peerOf } from './peer-of.ts';
import { addReflection } from './reflection.ts';

export interface RpcServer {
  /** Port it listens on. */
  readonly port: number;
  /** Health answers NOT_SERVING from now on, so that balancers look elsewhere; calls under way go on. */
  setServing(serving: boolean): void;
  /** Publishes a readiness check as a health service of its own name (`database`, `encryption`). */
  setCheck(name: string, healthy: boolean): void;
  /** Takes no new calls and resolves when those under way are answered, or at the latest after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

export interface RpcServerOptions {
  readonly dispatcher: Dispatcher;
  readonly credentials: ServerCredentials;
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
}

type Call = ServerUnaryCall<Message, Message>;

const metadataOf = (headers: Headers | undefined): Metadata => {
  const metadata = new Metadata();
  for (const [name, value] of headers ?? []) metadata.set(name, value);
  return metadata;
};

const deadlineOf = (call: Call, usualMs: number): number => {
  const deadline = call.getDeadline();
  const milliseconds = deadline instanceof Date ? deadline.getTime() : deadline;
  return Number.isFinite(milliseconds) ? milliseconds : Date.now() + usualMs;
};

const handlerFor = (method: CompiledMethod): handleUnaryCall<Message, Message> => {
  const usualMs = usualTimeoutMs(method.desc);
  return (call, callback) => {
    const context = new CallContext({
      method: method.desc,
      metadata: {
        get: (name) => {
          const [value] = call.metadata.get(name);
          return value === undefined ? undefined : value.toString();
        },
      },
      ...peerOf(call),
      deadlineMs: deadlineOf(call, usualMs),
    });
    call.on('cancelled', () => context.abort(new VaultError('service_unavailable', 'The caller went away.')));
    const answer = (message: Message): void => {
      if (context.responseHeaderIfSet !== undefined) call.sendMetadata(metadataOf(context.responseHeaderIfSet));
      callback(null, message);
    };
    const refuse = (thrown: unknown): void => {
      const error = sendable(thrown);
      const metadata = metadataOf(context.responseHeaderIfSet);
      metadata.set('grpc-status-details-bin', Buffer.from(encodeWireError(error)));
      callback({ code: grpcStatusOf(error), details: error.message, metadata });
    };
    method
      .handle(call.request, context)
      .then(answer)
      .catch(refuse)
      // Headers that gRPC cannot carry: a defect of ours, and still an answer.
      .catch(() => callback({ code: status.INTERNAL }));
  };
};

const definitionOf = (method: CompiledMethod): ServiceDefinition[string] => ({
  path: method.path,
  requestStream: false,
  responseStream: false,
  requestSerialize: (message: Message) => Buffer.from(toBinary(method.desc.input, message)),
  requestDeserialize: (bytes: Buffer) => fromBinary(method.desc.input, bytes),
  responseSerialize: (message: Message) => Buffer.from(toBinary(method.desc.output, message)),
  responseDeserialize: (bytes: Buffer) => fromBinary(method.desc.output, bytes),
});

/**
 * Serves the dispatcher's RPCs as ordinary unary gRPC and to our own processes on coalesced streams, with health
 * (grpc.health.v1) and reflection beside them.
 */
export const startRpcServer = async (options: RpcServerOptions): Promise<RpcServer> => {
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
  });
  for (const service of options.dispatcher.services) {
    const definition: Record<string, ServiceDefinition[string]> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const method of options.dispatcher.methods.values()) {
      if (method.desc.parent.typeName !== service.typeName) continue;
      definition[method.desc.name] = definitionOf(method);
      implementation[method.desc.name] = handlerFor(method);
    }
    server.addService(definition, implementation);
  }
  const streams = new Set<CalleeStream>();
  server.addService(
    { Exchange: exchange },
    {
      Exchange: (call: ServerDuplexStream<Buffer, Buffer>) => {
        const stream = openCalleeStream(call, options.dispatcher);
        streams.add(stream);
        call.once('close', () => streams.delete(stream));
      },
    },
  );
  const health = createHealthReport();
  health.addTo(server);
  addReflection(server, options.dispatcher.services);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.address, options.credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    port,
    setServing: (serving) => health.set('', serving),
    setCheck: health.set,
    stop: (timeoutMs) =>
      new Promise((resolve) => {
        for (const stream of streams) stream.drain();
        const force = setTimeout(() => server.forceShutdown(), timeoutMs);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
};
