import type { Transport } from '@connectrpc/connect';
import { KeyService } from '@scaivault/contracts/secrets/v1/keys';
import { isVaultError, VaultError } from '@scaivault/errors';
import { createClient } from '@scaivault/runtime';
import type { KeyedRow, KeySeal } from './key-seal.ts';

/** At most one call of the KMS behind it; a client waits for it. */
const timeoutMs = 3_000;

/** An outage is 503, whatever its kind there; what cannot be opened is a defect and stays one. */
const refusalOf = (cause: unknown, message: string): VaultError =>
  isVaultError(cause, 'internal_error')
    ? cause
    : new VaultError('service_unavailable', message, { cause, retryAfterSeconds: 1 });

const placeOf = ({ tenantId, partnerId, rowId }: KeyedRow) => ({ tenantId, partnerId, rowId });

/** Has the secrets service, which alone holds keys, seal those of our rows; `message` is what a client reads of its outage. */
export const createRemoteKeySeal = (
  transport: Transport,
  message = 'Idempotency-Key cannot be honoured at the moment.',
): KeySeal => {
  const client = createClient(KeyService, transport);
  return {
    seal: async (row, key) => {
      const request = { place: placeOf(row), key: Uint8Array.from(key) };
      const { ciphertext, wrappedKey, wrappedBy } = await client
        .sealRowKey(request, { timeoutMs })
        .catch((error: unknown) => {
          throw refusalOf(error, message);
        });
      return { ciphertext: Buffer.from(ciphertext), wrappedKey: Buffer.from(wrappedKey), wrappedBy };
    },
    open: async (row, { ciphertext, wrappedKey, wrappedBy }) => {
      const sealed = { ciphertext: Uint8Array.from(ciphertext), wrappedKey: Uint8Array.from(wrappedKey), wrappedBy };
      const { key } = await client
        .openRowKey({ place: placeOf(row), sealed }, { timeoutMs })
        .catch((error: unknown) => {
          throw refusalOf(error, message);
        });
      return key;
    },
  };
};
