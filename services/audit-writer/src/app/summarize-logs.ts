import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import type { LogSummary } from '../domain/audit-summary.ts';
import { type LogWindow, logWindow } from '../domain/log-window.ts';
import { splitWindow } from '../domain/split-window.ts';
import type { Clock, SummaryStore } from '../ports.ts';

const usualDays = 30;
const hourMicros = 3_600_000_000;

/**
 * Counts the records of the caller's tenant in a window (rest-api-core 7.2). Ends that are left out fall on whole hours:
 * all that has come by now counts, from the hour on in which it was 30 days ago, and no row is looked at. 422
 * `validation_error`.
 */
export const createSummarizeLogs =
  ({ summaries, nowMicros }: { readonly summaries: Pick<SummaryStore, 'log'>; readonly nowMicros: Clock }) =>
  async (
    caller: Pick<Caller, 'scope'>,
    asked: Partial<LogWindow>,
  ): Promise<{ readonly window: LogWindow; readonly summary: LogSummary }> => {
    const found = logWindow(asked, usualDays, nowMicros());
    const fromMicros =
      asked.fromMicros === undefined ? Math.floor(found.fromMicros / hourMicros) * hourMicros : found.fromMicros;
    const window = { ...found, fromMicros };
    const endMicros =
      asked.toMicros === undefined ? Math.ceil(found.toMicros / hourMicros) * hourMicros : found.toMicros;
    const parts = splitWindow({ fromMicros, toMicros: endMicros });
    return { window, summary: await summaries.log(scopeId(caller.scope), parts) };
  };
