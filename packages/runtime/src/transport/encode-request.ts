import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { VaultError } from '@scaivault/errors';
import { maxMessageBytes } from './limits.ts';

/** 413 `payload_too_large` for a request that no wire carries. */
export const requestTooLarge = (bytes: number): VaultError =>
  new VaultError('payload_too_large', 'The request is too large.', {
    details: { limit_bytes: maxMessageBytes, actual_bytes: bytes },
  });

/** A request as bytes; 413 `payload_too_large` when no wire carries so much. */
export const encodeRequest = <Desc extends DescMessage>(desc: Desc, input: MessageInitShape<Desc>): Uint8Array => {
  const bytes = toBinary(desc, create(desc, input));
  if (bytes.length > maxMessageBytes) throw requestTooLarge(bytes.length);
  return bytes;
};
