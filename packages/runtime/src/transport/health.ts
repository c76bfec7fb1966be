import { create, type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import {
  type MethodDefinition,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import {
  Health,
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  type HealthListRequest,
  type HealthListResponse,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@scaivault/contracts/grpc/health/v1/health';
import { rpcPath } from '../rpc/dispatcher.ts';

/** What a server says of itself (`''`) and of its readiness checks by their names, as grpc.health.v1. */
export interface HealthReport {
  set(name: string, healthy: boolean): void;
  addTo(server: Server): void;
}

const definitionOf = <Request extends Message, Answer extends Message>(
  method: DescMethod,
): MethodDefinition<Request, Answer> => ({
  path: rpcPath(method),
  requestStream: false,
  responseStream: method.methodKind === 'server_streaming',
  requestSerialize: (request) => Buffer.from(toBinary(method.input, request)),
  requestDeserialize: (bytes) => fromBinary(method.input, bytes) as Request,
  responseSerialize: (answer) => Buffer.from(toBinary(method.output, answer)),
  responseDeserialize: (bytes) => fromBinary(method.output, bytes) as Answer,
});

export const healthCheck = definitionOf<HealthCheckRequest, HealthCheckResponse>(Health.method.check);

const definitions = {
  Check: healthCheck,
  List: definitionOf<HealthListRequest, HealthListResponse>(Health.method.list),
  Watch: definitionOf<HealthCheckRequest, HealthCheckResponse>(Health.method.watch),
};

type Watcher = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/** A report that begins with the server serving. */
export const createHealthReport = (): HealthReport => {
  const answerOf = (status: ServingStatus): HealthCheckResponse => create(HealthCheckResponseSchema, { status });
  const known = new Map([['', answerOf(ServingStatus.SERVING)]]);
  const unknown = answerOf(ServingStatus.SERVICE_UNKNOWN);
  const watchers = new Set<Watcher>();
  return {
    set: (name, healthy) => {
      const answer = answerOf(healthy ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
      if (known.get(name)?.status === answer.status) return;
      known.set(name, answer);
      for (const watcher of watchers) if (watcher.request.service === name) watcher.write(answer);
    },
    addTo: (server) =>
      server.addService(definitions, {
        Check: (
          { request }: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
          callback: sendUnaryData<HealthCheckResponse>,
        ) => {
          const answer = known.get(request.service);
          if (answer === undefined) callback({ code: status.NOT_FOUND, details: 'Nothing here has that name.' });
          else callback(null, answer);
        },
        List: (_call: unknown, callback: sendUnaryData<HealthListResponse>) =>
          callback(null, create(HealthListResponseSchema, { statuses: Object.fromEntries(known) })),
        Watch: (call: Watcher) => {
          watchers.add(call);
          call.on('cancelled', () => watchers.delete(call));
          call.write(known.get(call.request.service) ?? unknown);
        },
      }),
  };
};
