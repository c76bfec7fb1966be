import type { DeliveryStore } from '../../ports/deliveries.ts';

const batch = 1000;
/** Bounds one sweep; the next one goes on. */
const batches = 100;

/** Removes what deleted webhooks and subscriptions have left behind. */
export const createForgetEndpoints =
  ({ deliveries }: { readonly deliveries: Pick<DeliveryStore, 'forget'> }) =>
  async (): Promise<void> => {
    for (let round = 0; round < batches; round += 1) {
      if ((await deliveries.forget(batch)) === 0) return;
    }
  };
