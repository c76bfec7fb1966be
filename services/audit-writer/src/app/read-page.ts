import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { type CursorBinding, type CursorCodec, scopeId } from '@scaivault/tenancy';
import type { LoggedRow } from '../domain/audit-row.ts';
import { type LogWindow, logWindow } from '../domain/log-window.ts';
import type { Clock, LogFilter, LogPosition, LogStore } from '../ports.ts';

/** What every list of rows is asked for with. */
export interface PageQuery {
  readonly window: Partial<LogWindow>;
  readonly limit: number | undefined;
  readonly cursor: string | undefined;
}

export interface LogAnswer {
  readonly logs: readonly LoggedRow[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
}

/** Which list it is: a cursor serves the one it was made for. */
export interface ListOfLogs extends Pick<CursorBinding, 'route' | 'filters'> {
  readonly filter: LogFilter;
  readonly order: 'desc' | 'asc';
  /** How far it looks back when `from` is left out. */
  readonly usualDays: number;
}

const defaultLimit = 100;

/** All rows of a tenant. */
export const noFilter: LogFilter = {
  actions: [],
  identityId: undefined,
  identityType: undefined,
  path: undefined,
  success: undefined,
  sourceIp: undefined,
  requestId: undefined,
};

/** What a cursor holds: the row a page ended with, and the window of the first page, whatever the time is by now. */
interface CursorState {
  readonly after: LogPosition;
  readonly window: LogWindow;
}

const sealable = ({ after, window }: CursorState): readonly number[] => [
  after.tsMicros,
  after.eventSeq,
  window.fromMicros,
  window.toMicros,
];

const readState = (position: unknown): CursorState => {
  const [tsMicros, eventSeq, fromMicros, toMicros] = Array.isArray(position) ? (position as unknown[]) : [];
  if ([tsMicros, eventSeq, fromMicros, toMicros].every((part) => typeof part === 'number')) {
    return {
      after: { tsMicros: Number(tsMicros), eventSeq: Number(eventSeq) },
      window: { fromMicros: Number(fromMicros), toMicros: Number(toMicros) },
    };
  }
  throw new VaultError('invalid_cursor', 'The cursor is not valid for this list. Start again without it.');
};

/** Reads one page of a list of the caller's tenant. 422 `validation_error`, 400 `invalid_cursor`. */
export const createReadPage =
  ({
    log,
    cursors,
    nowMicros,
  }: {
    readonly log: Pick<LogStore, 'read'>;
    readonly cursors: CursorCodec;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Pick<Caller, 'scope'>, list: ListOfLogs, query: PageQuery): Promise<LogAnswer> => {
    const { limit = defaultLimit, cursor } = query;
    const scope = scopeId(caller.scope);
    const { route, filters, filter, order, usualDays } = list;
    const binding = { scopeId: scope, route, filters: { ...filters, window: query.window } };
    const state = cursor === undefined ? undefined : readState(cursors.open(binding, cursor));
    const window = state?.window ?? logWindow(query.window, usualDays, nowMicros());
    const found = await log.read(scope, filter, { window, order, after: state?.after, limit: limit + 1 });
    const logs = found.slice(0, limit);
    const last = logs.at(-1);
    const hasMore = found.length > limit && last !== undefined;
    return { logs, cursor: hasMore ? cursors.seal(binding, sealable({ after: last, window })) : undefined };
  };

export type ReadPage = ReturnType<typeof createReadPage>;
