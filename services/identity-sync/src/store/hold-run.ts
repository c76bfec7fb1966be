import type { Tx } from '@scaivault/db';
import { LostRun } from '../domain/lost-run.ts';
import type { HeldRun } from '../ports.ts';

/** How long the holder of a run counts as alive after its last transaction. */
export const runLeaseSeconds = 30;

/** First statement of each transaction of a run: fences out a holder that another process has replaced. */
export const holdRun = async (tx: Tx, { id, fence }: HeldRun): Promise<void> => {
  const [row] = await tx<{ held: boolean }[]>`
    select hold_sync(${id}::text, ${fence}::bigint, ${runLeaseSeconds}::integer) as held`;
  if (row?.held !== true) throw new LostRun();
};
