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

/** Metadata of more than 64 KiB would end the connection to the peer, and with it the calls of everybody else. */
const longestRefusal = 32_768;

const seal = (refusal: object): string => encodeURIComponent(JSON.stringify(refusal));

/**
 * What the gateway found wrong with the input, as metadata for the call that will raise it (rest-api-core 1.8); details
 * that would not fit are left out.
 */
export const sealInputRefusal = ({ code, message, details }: VaultError): string => {
  const whole = seal({ code, message, details });
  return whole.length <= longestRefusal ? whole : seal({ code, message });
};

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
