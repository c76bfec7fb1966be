import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type KeyService,
  OpenRowKeyResponseSchema,
  type RowPlace,
  SealedRowKeySchema,
} from '@scaivault/contracts/secrets/v1/keys';
import { fieldError } from '@scaivault/errors';
import { type KeyedRow, type KeySeal, peerOf } from '@scaivault/pipeline';
import type { PeerName } from '@scaivault/runtime';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';

const longestKey = 128;

const rowOf = (place: RowPlace | undefined): KeyedRow => {
  if (place === undefined) throw fieldError('place', 'required', 'is required');
  return { tenantId: parseTenantId(place.tenantId), partnerId: parsePartnerId(place.partnerId), rowId: place.rowId };
};

/** KeyService of the contract; each peer has its keys sealed and opened as its own. */
export const createKeyRpc = (sealFor: (peer: PeerName) => KeySeal): ServiceImpl<typeof KeyService> => ({
  async sealRowKey({ place, key }, context) {
    if (key.length > longestKey) throw fieldError('key', 'length', `must have at most ${longestKey} bytes`);
    return create(SealedRowKeySchema, await sealFor(peerOf(context)).seal(rowOf(place), key));
  },

  async openRowKey({ place, sealed }, context) {
    if (sealed === undefined) throw fieldError('sealed', 'required', 'is required');
    const key = await sealFor(peerOf(context)).open(rowOf(place), {
      ciphertext: Buffer.from(sealed.ciphertext),
      wrappedKey: Buffer.from(sealed.wrappedKey),
      wrappedBy: sealed.wrappedBy,
    });
    return create(OpenRowKeyResponseSchema, { key });
  },
});
