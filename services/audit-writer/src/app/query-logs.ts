import type { Caller } from '@scaivault/pipeline';
import type { LogAnswer, PageQuery, ReadPage } from './read-page.ts';
import { type AskedRows, toLogFilter } from './to-log-filter.ts';

export interface LogQuery extends PageQuery, AskedRows {
  readonly order: 'desc' | 'asc';
}

const usualDays = 7;

/** Searches the audit log of the caller's tenant (rest-api-core 7.2). 422 `validation_error`, 400 `invalid_cursor`. */
export const createQueryLogs =
  ({ readPage }: { readonly readPage: ReadPage }) =>
  (caller: Pick<Caller, 'scope'>, query: LogQuery): Promise<LogAnswer> => {
    const { window, limit, cursor, prefix, ...rest } = query;
    const list = {
      route: 'QueryAuditLogs',
      filters: { ...rest, prefix: prefix?.text },
      filter: toLogFilter(query),
      order: query.order,
      usualDays,
    };
    return readPage(caller, list, { window, limit, cursor });
  };
