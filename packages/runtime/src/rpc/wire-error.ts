import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { ErrorDetailSchema, RpcStatusSchema } from '@scaivault/contracts/common/v1/common';
import { errorCatalogue, GrpcStatus, isErrorCode, toVaultError, VaultError } from '@scaivault/errors';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** gRPC status number of a refusal (rest-api-core 1.10). */
export const grpcStatusOf = (error: VaultError): number => GrpcStatus[errorCatalogue[error.code].grpc];

/** gRPC carries details in a trailer, and HTTP/2 ends the whole connection for headers of more than 64 KiB. */
const maxDetailsBytes = 32_768;

const isUint32 = (value: number): boolean => value >>> 0 === value;

/**
 * Whatever a handler threw as a refusal that a wire can carry: details that are no JSON and a wait that is no number of
 * whole seconds are defects of ours, and more details than fit are left out.
 */
export const sendable = (thrown: unknown): VaultError => {
  const error = toVaultError(thrown);
  if (error.retryAfterSeconds !== undefined && !isUint32(error.retryAfterSeconds)) {
    return toVaultError(new RangeError(`No wire carries a wait of ${error.retryAfterSeconds} s.`));
  }
  if (error.details === undefined) return error;
  try {
    if (Buffer.byteLength(JSON.stringify(error.details)) <= maxDetailsBytes) return error;
  } catch (cause) {
    return toVaultError(cause);
  }
  const { code, message, cause, retryAfterSeconds } = error;
  return new VaultError(code, message, { cause, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
};

/** A refusal as google.rpc.Status bytes, for the trailer `grpc-status-details-bin`. The cause stays behind. */
export const encodeWireError = (error: VaultError): Uint8Array => {
  const detail = create(ErrorDetailSchema, { reason: error.code });
  if (error.details !== undefined) detail.detailsJson = encoder.encode(JSON.stringify(error.details));
  if (error.retryAfterSeconds !== undefined) detail.retryAfterSeconds = error.retryAfterSeconds;
  return toBinary(
    RpcStatusSchema,
    create(RpcStatusSchema, {
      code: grpcStatusOf(error),
      message: error.message,
      details: [anyPack(ErrorDetailSchema, detail)],
    }),
  );
};

/** The refusal that a peer sent, or undefined when the bytes hold none of ours. */
export const decodeWireError = (bytes: Uint8Array): VaultError | undefined => {
  const status = fromBinary(RpcStatusSchema, bytes);
  for (const any of status.details) {
    const detail = anyUnpack(any, ErrorDetailSchema);
    if (detail === undefined || !isErrorCode(detail.reason)) continue;
    const details = detail.detailsJson.length === 0 ? undefined : parseDetails(decoder.decode(detail.detailsJson));
    return new VaultError(detail.reason, status.message, {
      ...(details === undefined ? {} : { details }),
      ...(detail.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: detail.retryAfterSeconds }),
    });
  }
  return undefined;
};

const parseDetails = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

/** What a caller may learn of a failure: the same refusal without its cause, as if it had crossed a wire. */
export const withoutCause = (error: VaultError): VaultError =>
  new VaultError(error.code, error.message, {
    ...(error.details === undefined ? {} : { details: parseDetails(JSON.stringify(error.details)) }),
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  });
