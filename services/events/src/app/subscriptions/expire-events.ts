import type { BufferStore } from '../../ports/subscriptions.ts';

/** Events looked at in one go. */
const batch = 1000;
/** Bounds one sweep; the next one goes on. */
const batches = 50;

/** Lets go of events that nobody has fetched and acknowledged for seven days; they count as lost. */
export const createExpireEvents =
  ({ buffers }: { readonly buffers: Pick<BufferStore, 'expire'> }) =>
  async (): Promise<void> => {
    for (let round = 0; round < batches; round += 1) if ((await buffers.expire(batch)) === 0) return;
  };
