import { newId } from '@scaivault/tenancy';
import type { DeliveryStore } from '../../ports/deliveries.ts';
import type { AddTargets } from '../../ports.ts';

/** A delivery for each event and endpoint that match. */
export const createAddDeliveries =
  ({ deliveries }: { readonly deliveries: Pick<DeliveryStore, 'add'> }): AddTargets =>
  async (tx, scopeId, matches) => {
    const added = matches.map(({ listener, event }) => ({
      id: newId('del'),
      endpointId: listener.id,
      eventId: event.id,
    }));
    await deliveries.add(tx, scopeId, added);
  };
