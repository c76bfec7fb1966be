import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { type CursorCodec, type PathPrefix, scopeId } from '@scaivault/tenancy';
import type { LoggedRow } from '../domain/audit-row.ts';
import { canonicalAddress } from '../domain/canonical-address.ts';
import { type LogWindow, logWindow } from '../domain/log-window.ts';
import type { Clock, LogFilter, LogPosition, LogStore } from '../ports.ts';

export interface LogQuery {
  readonly window: Partial<LogWindow>;
  readonly actions: readonly string[];
  readonly identityId: string | undefined;
  readonly identityType: string | undefined;
  readonly prefix: PathPrefix | undefined;
  readonly success: boolean | undefined;
  readonly sourceIp: string | undefined;
  readonly requestId: string | undefined;
  readonly order: 'desc' | 'asc';
  readonly limit: number | undefined;
  readonly cursor: string | undefined;
}

export interface LogAnswer {
  readonly logs: readonly LoggedRow[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
}

const defaultLimit = 100;

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
  ({
    log,
    cursors,
    nowMicros,
  }: {
    readonly log: Pick<LogStore, 'read'>;
    readonly cursors: CursorCodec;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Pick<Caller, 'scope'>, query: LogQuery): Promise<LogAnswer> => {
    const { limit = defaultLimit, cursor, prefix, ...rest } = query;
    const scope = scopeId(caller.scope);
    const binding = { scopeId: scope, route: 'QueryAuditLogs', filters: { ...rest, prefix: prefix?.text } };
    const state = cursor === undefined ? undefined : readState(cursors.open(binding, cursor));
    const window = state?.window ?? logWindow(query.window, nowMicros());
    const page = { window, order: query.order, after: state?.after, limit: limit + 1 };
    const found = await log.read(scope, filterOf(query), page);
    const logs = found.slice(0, limit);
    const last = logs.at(-1);
    const hasMore = found.length > limit && last !== undefined;
    return { logs, cursor: hasMore ? cursors.seal(binding, sealable({ after: last, window })) : undefined };
  };
