import { create } from '@bufbuild/protobuf';
import { KeyService, OpenRowKeyResponseSchema, type RowPlace, SealedRowKeySchema } from '@scaivault/contracts';
import type { KeyedRow, KeySeal } from '@scaivault/pipeline';
import { type MountedService, mount } from '@scaivault/runtime';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';

const rowOf = (place: RowPlace | undefined): KeyedRow => ({
  tenantId: parseTenantId(place?.tenantId ?? ''),
  partnerId: parsePartnerId(place?.partnerId ?? ''),
  rowId: place?.rowId ?? '',
});

/** What the secrets service does for the others: seals their row keys. */
export const mountKeySeal = (keySeal: KeySeal): MountedService =>
  mount(KeyService, {
    sealRowKey: async ({ place, key }) => create(SealedRowKeySchema, await keySeal.seal(rowOf(place), key)),
    openRowKey: async ({ place, sealed }) => {
      const { ciphertext = new Uint8Array(), wrappedKey = new Uint8Array(), wrappedBy = '' } = sealed ?? {};
      const bytes = { ciphertext: Buffer.from(ciphertext), wrappedKey: Buffer.from(wrappedKey), wrappedBy };
      return create(OpenRowKeyResponseSchema, { key: await keySeal.open(rowOf(place), bytes) });
    },
  });
