import { EventEmitter } from 'node:events';
import { create, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { type MethodDefinition, type Server, type ServerDuplexStream, status } from '@grpc/grpc-js';

const paths = ['v1', 'v1alpha'].map((version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);

type BytesCall = ServerDuplexStream<Buffer, Buffer>;

interface Implementation {
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handle: (stream: object) => void;
}

const withDependencies = (files: readonly DescFile[], seen = new Map<string, DescFile>()): Map<string, DescFile> => {
  for (const file of files) {
    if (seen.has(file.name)) continue;
    withDependencies(file.dependencies, seen);
    seen.set(file.name, file);
  }
  return seen;
};

/** What the library would add to a server, by path. */
const load = async (services: readonly DescService[]): Promise<ReadonlyMap<string, Implementation>> => {
  const { loadFileDescriptorSetFromBuffer } = await import('@grpc/proto-loader');
  const { ReflectionService } = await import('@grpc/reflection');
  const files = withDependencies(services.map(({ file }) => file));
  const set = create(FileDescriptorSetSchema, { file: [...files.values()].map(({ proto }) => proto) });
  const described = loadFileDescriptorSetFromBuffer(Buffer.from(toBinary(FileDescriptorSetSchema, set)));
  const found = new Map<string, Implementation>();
  const server: Pick<Server, 'addService'> = {
    addService: (definitions, handlers) => {
      for (const [name, definition] of Object.entries(definitions))
        found.set(definition.path, {
          definition,
          handle: handlers[name] as (stream: object) => void,
        });
    },
  };
  new ReflectionService(described, { services: services.map(({ typeName }) => typeName) }).addToServer(
    server as Server,
  );
  return found;
};

/** Lets the library's handler, which takes messages, work on a call that carries bytes. */
const serve = ({ definition, handle }: Implementation, call: BytesCall): void => {
  const stream = Object.assign(new EventEmitter(), {
    write: (message: unknown) => call.write(definition.responseSerialize(message)),
    end: () => call.end(),
  });
  handle(stream);
  call.on('data', (bytes: Buffer) => {
    try {
      stream.emit('data', definition.requestDeserialize(bytes));
    } catch {
      // Bytes that are no request, as the server itself would answer them.
      call.emit('error', { code: status.INTERNAL, details: 'This is no request.' });
    }
  });
  call.on('end', () => stream.emit('end'));
};

const asIs = (bytes: Buffer): Buffer => bytes;
const carriesBytes = {
  requestStream: true,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

/**
 * Adds grpc.reflection v1 and v1alpha, so that grpcurl and its kin can list and describe what the server offers. Nothing is
 * loaded or described before somebody asks: few processes ever are, and it would be a fifth of the work of a start.
 */
export const addReflection = (server: Server, services: readonly DescService[]): void => {
  let loading: ReturnType<typeof load> | undefined;
  const open = async (path: string, call: BytesCall): Promise<void> => {
    loading ??= load(services);
    const implementation = (await loading).get(path);
    if (implementation === undefined) throw new Error(`The library does not serve ${path}.`);
    serve(implementation, call);
  };
  for (const path of paths) {
    server.addService(
      { ServerReflectionInfo: { path, ...carriesBytes } },
      {
        ServerReflectionInfo: (call: BytesCall) =>
          void open(path, call).catch(() => call.emit('error', { code: status.INTERNAL, details: 'No reflection.' })),
      },
    );
  }
};
