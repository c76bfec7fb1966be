import { monthsAhead } from '../domain/months-ahead.ts';
import type { Clock, LogStore } from '../ports.ts';

/** Makes room for this month and the next two ahead of time, so that no record has to wait for it. */
export const createPrepareMonths =
  ({ log, nowMicros }: { readonly log: Pick<LogStore, 'ensureMonth'>; readonly nowMicros: Clock }) =>
  async (): Promise<void> => {
    for (const month of monthsAhead(nowMicros())) await log.ensureMonth(month);
  };
