import type { Caller } from '@scaivault/pipeline';
import type { PathPrefix } from '@scaivault/tenancy';
import { canonicalAddress } from '../domain/canonical-address.ts';
import type { LogFilter } from '../ports.ts';
import type { LogAnswer, PageQuery, ReadPage } from './read-page.ts';

export interface LogQuery extends PageQuery {
  readonly actions: readonly string[];
  readonly identityId: string | undefined;
  readonly identityType: string | undefined;
  readonly prefix: PathPrefix | undefined;
  readonly success: boolean | undefined;
  readonly sourceIp: string | undefined;
  readonly requestId: string | undefined;
  readonly order: 'desc' | 'asc';
}

const usualDays = 7;

const filterOf = (query: LogQuery): LogFilter => ({
  actions: [...new Set(query.actions)],
  identityId: query.identityId,
  identityType: query.identityType,
  path: query.prefix?.range(),
  success: query.success,
  sourceIp: query.sourceIp === undefined ? undefined : canonicalAddress(query.sourceIp),
  requestId: query.requestId,
});

/** Searches the audit log of the caller's tenant (rest-api-core 7.2). 422 `validation_error`, 400 `invalid_cursor`. */
export const createQueryLogs =
  ({ readPage }: { readonly readPage: ReadPage }) =>
  (caller: Pick<Caller, 'scope'>, query: LogQuery): Promise<LogAnswer> => {
    const { window, limit, cursor, prefix, ...rest } = query;
    const list = {
      route: 'QueryAuditLogs',
      filters: { ...rest, prefix: prefix?.text },
      filter: filterOf(query),
      order: query.order,
      usualDays,
    };
    return readPage(caller, list, { window, limit, cursor });
  };
