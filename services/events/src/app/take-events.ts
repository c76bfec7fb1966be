import type { IncomingEvent } from '../domain/incoming-event.ts';
import type { Transactions } from '../ports.ts';
import type { FanOut } from './fan-out.ts';

/** Takes what an outbox ships; resolves when all of it is committed, for whoever listens. */
export const createTakeEvents =
  ({ transactions, fanOut }: { readonly transactions: Pick<Transactions, 'run'>; readonly fanOut: FanOut }) =>
  async (events: readonly IncomingEvent[]): Promise<void> => {
    if (events.length > 0) await transactions.run((tx) => fanOut(tx, events));
  };
