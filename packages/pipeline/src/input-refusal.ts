import { type ErrorCode, isErrorCode, VaultError } from '@scaivault/errors';
import type { CallContext } from '@scaivault/runtime';
import { metadataNames } from './metadata.ts';

/** Refusals of the input that the gateway may hand on; a token is asked for before the input is spoken of. */
const inputCodes: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'invalid_path',
  'payload_too_large',
  'unsupported_media_type',
  'validation_error',
]);

/** What the gateway found wrong with the input, as metadata for the call that will raise it (rest-api-core 1.8). */
export const sealInputRefusal = ({ code, message, details }: VaultError): string =>
  encodeURIComponent(JSON.stringify({ code, message, details }));

/** Raises what the gateway found wrong with the input; ignored from anybody else. */
export const raiseInputRefusal = (call: CallContext): void => {
  if (call.peer !== 'gateway') return;
  const sealed = call.metadata.get(metadataNames.inputRefusal);
  if (sealed === undefined) return;
  const { code, message, details } = JSON.parse(decodeURIComponent(sealed)) as {
    code: string;
    message: string;
    details?: Record<string, unknown>;
  };
  if (!isErrorCode(code) || !inputCodes.has(code)) throw new VaultError('invalid_request', 'The request is not valid.');
  throw new VaultError(code, message, details === undefined ? {} : { details });
};
