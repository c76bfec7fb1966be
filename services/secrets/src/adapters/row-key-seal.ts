import { encodeAad, type KeyChain } from '@scaivault/crypto';
import type { KeySeal } from '@scaivault/pipeline';
import type { PeerName } from '@scaivault/runtime';
import { scopeId, tenantScope } from '@scaivault/tenancy';

/**
 * Seals keys for rows of this service or of a peer. They have a purpose of their own and are bound to the service, the
 * tenant and the row: nobody can have a secret, or what was sealed for somebody else, opened as one of these.
 */
export const createRowKeySeal = (keys: Pick<KeyChain, 'sealData' | 'openData'>, service: PeerName): KeySeal => {
  const purpose = `row key of ${service}`;
  return {
    seal: async ({ tenantId, partnerId, rowId }, key) => {
      const scope = tenantScope(tenantId, partnerId);
      return await keys.sealData(
        scope,
        encodeAad({ purpose, scopeId: scopeId(scope), pathId: rowId, version: 0 }),
        key,
      );
    },
    open: async ({ tenantId, partnerId, rowId }, sealed) => {
      const scope = tenantScope(tenantId, partnerId);
      const aad = encodeAad({ purpose, scopeId: scopeId(scope), pathId: rowId, version: 0 });
      return await keys.openData(scope, aad, sealed);
    },
  };
};
