import { create, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';

const withDependencies = (files: readonly DescFile[], seen = new Map<string, DescFile>()): Map<string, DescFile> => {
  for (const file of files) {
    if (seen.has(file.name)) continue;
    withDependencies(file.dependencies, seen);
    seen.set(file.name, file);
  }
  return seen;
};

/** Adds grpc.reflection v1 and v1alpha, so that grpcurl and its kin can list and describe what the server offers. */
export const addReflection = (server: Server, services: readonly DescService[]): void => {
  const files = withDependencies(services.map(({ file }) => file));
  const set = create(FileDescriptorSetSchema, { file: [...files.values()].map(({ proto }) => proto) });
  const definition = loadFileDescriptorSetFromBuffer(Buffer.from(toBinary(FileDescriptorSetSchema, set)));
  new ReflectionService(definition, { services: services.map(({ typeName }) => typeName) }).addToServer(server);
};
