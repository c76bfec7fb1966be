import { VaultError } from '@scaivault/errors';
import type { CallContext } from '@scaivault/runtime';
import { metadataNames } from '../metadata.ts';

const printable = /^[\x20-\x7e]{1,128}$/;

/** The call's Idempotency-Key, if it has one; 400 `invalid_request` for another form than rest-api-core 1.6 allows. */
export const idempotencyKeyOf = ({ metadata }: CallContext): string | undefined => {
  const key = metadata.get(metadataNames.idempotencyKey);
  if (key === undefined || printable.test(key)) return key;
  throw new VaultError('invalid_request', 'Idempotency-Key is 1 to 128 printable ASCII characters.', {
    details: { reason: 'header', header: 'idempotency-key' },
  });
};
