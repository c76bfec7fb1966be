import { createSecretKey, type KeyObject } from 'node:crypto';
import { encodeAad } from '@scaivault/crypto';
import { type KeySeal, openContent, sealContent } from '@scaivault/pipeline';
import type { PartnerId, TenantId } from '@scaivault/tenancy';
import { LRUCache } from 'lru-cache';
import type { EndpointPlace } from '../domain/deliveries/delivery.ts';
import type { SealedSecret, SecretBox } from '../ports/deliveries.ts';

/** As the key chain does with its keys (KEY_CACHE_TTL, KEY_CACHE_MAX). */
const kept = { max: 1000, ttl: 5 * 60_000 } as const;

const rowOf = ({ scopeId, endpointId }: EndpointPlace, partnerId: PartnerId) => ({
  tenantId: scopeId.replace(/^t:/, '') as TenantId,
  partnerId,
  rowId: endpointId,
});

const aadOf = ({ scopeId, endpointId }: EndpointPlace): Buffer =>
  encodeAad({ purpose: 'signing-secret', scopeId, pathId: endpointId, version: 0 });

const takeSecret = (raw: Buffer): KeyObject => {
  const secret = createSecretKey(raw);
  raw.fill(0);
  return secret;
};

/**
 * Signing secrets, each under a key of its own that the secrets service seals under the tenant's key. Opened ones are kept
 * for a while, outside the JavaScript heap, so that an attempt costs no call.
 */
export const createSecretBox = (seal: KeySeal): SecretBox => {
  const opened = new LRUCache<string, KeyObject>(kept);

  const open = async (place: EndpointPlace, partnerId: PartnerId, sealed: SealedSecret) => {
    // With its place, so that a row that was moved is not known by the secret it had.
    const name = `${place.scopeId} ${place.endpointId} ${sealed.ciphertext.toString('base64')}`;
    const known = opened.get(name);
    if (known !== undefined) return known;
    const secret = takeSecret(await openContent(seal, rowOf(place, partnerId), sealed, aadOf(place)));
    opened.set(name, secret);
    return secret;
  };

  return {
    seal: (place, partnerId, secret) => sealContent(seal, rowOf(place, partnerId), Buffer.from(secret), aadOf(place)),
    open: async (place, partnerId, { current, previous }) => ({
      current: await open(place, partnerId, current),
      previous: previous === undefined ? undefined : await open(place, partnerId, previous),
    }),
  };
};
