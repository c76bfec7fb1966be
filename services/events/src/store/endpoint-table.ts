import type { Tx } from '@scaivault/db';
import type { EndpointPlace } from '../domain/deliveries/delivery.ts';
import type { EndpointStore } from '../ports/deliveries.ts';
import { addSecret, rotateSecret } from './signing-secret-table.ts';

const at = (tx: Tx, { scopeId, endpointId }: EndpointPlace) => tx`
  scope_id = ${scopeId} and id = ${endpointId} and removed_at is null`;

/** The table `endpoint`, as the owners of endpoints write it. */
export const createEndpointTable = (): EndpointStore => ({
  add: async (tx, { scopeId, endpointId, partnerId, url, isEnabled, secret }) => {
    await tx`
      insert into endpoint (scope_id, id, partner_id, url, is_enabled)
      values (${scopeId}, ${endpointId}, ${partnerId}, ${url}, ${isEnabled})`;
    await addSecret(tx, { scopeId, endpointId }, 1, secret);
  },

  change: async (tx, place, { url, isEnabled, secret }) => {
    const [row] = await tx`select id from endpoint where ${at(tx, place)} for no key update`;
    if (row === undefined) return false;
    if (url !== undefined) await tx`update endpoint set url = ${url} where ${at(tx, place)}`;
    // Whoever is switched on has no past; for one that is switched off the next claim gives up what waits.
    if (isEnabled === true)
      await tx`update endpoint set is_enabled = true, consecutive_failures = 0 where ${at(tx, place)}`;
    if (isEnabled === false)
      await tx`update endpoint set is_enabled = false, due_at = now() where ${at(tx, place)} and is_enabled`;
    if (secret !== undefined) await rotateSecret(tx, place, secret.sealed, secret.previousForMs);
    return true;
  },

  remove: async (tx, place) => {
    await tx`
      update endpoint set is_enabled = false, removed_at = now(), due_at = null where ${at(tx, place)}`;
    await tx`delete from signing_secret where scope_id = ${place.scopeId} and endpoint_id = ${place.endpointId}`;
  },
});
