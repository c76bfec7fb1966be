import { create } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { KeyService, OpenRowKeyResponseSchema, type RowPlace, SealedRowKeySchema } from '@scaivault/contracts';
import type { KeyedRow } from '@scaivault/pipeline';
import { createDirectTransport, createDispatcher, mount, type PeerName } from '@scaivault/runtime';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import { createTestKeySeal, type TestKeySeal } from './test-key-seal.ts';

const rowOf = (place: RowPlace | undefined): KeyedRow => ({
  tenantId: parseTenantId(place?.tenantId ?? ''),
  partnerId: parsePartnerId(place?.partnerId ?? ''),
  rowId: place?.rowId ?? '',
});

/** Stands for the secrets service as far as it seals row keys, for one that calls it by this name. */
export const createFakeSecrets = (
  caller: PeerName,
): { readonly keySeal: TestKeySeal; readonly transport: Transport } => {
  const keySeal = createTestKeySeal();
  const service = mount(KeyService, {
    sealRowKey: async ({ place, key }) => create(SealedRowKeySchema, await keySeal.seal(rowOf(place), key)),
    openRowKey: async ({ place, sealed }) => {
      const { ciphertext = new Uint8Array(), wrappedKey = new Uint8Array(), wrappedBy = '' } = sealed ?? {};
      const bytes = { ciphertext: Buffer.from(ciphertext), wrappedKey: Buffer.from(wrappedKey), wrappedBy };
      return create(OpenRowKeyResponseSchema, { key: await keySeal.open(rowOf(place), bytes) });
    },
  });
  const dispatcher = createDispatcher([service], (_method, handler) => handler);
  return { keySeal, transport: createDirectTransport(() => dispatcher, caller) };
};
