import type { MethodDefinition } from '@grpc/grpc-js';

const raw = (bytes: Buffer): Buffer => bytes;

/** The stream that carries frames between two of our processes. Outside clients speak unary gRPC. */
export const exchange = {
  path: '/scaivault.wire.v1.Calls/Exchange',
  requestStream: true,
  responseStream: true,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
} as const satisfies MethodDefinition<Buffer, Buffer>;

/** More than this waiting for a peer that does not read, and nothing is added; the largest message fits. */
export const mostWaitingBytes = 32 * 1024 * 1024;
