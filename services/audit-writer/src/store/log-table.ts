import type { Database, Statement, Tx } from '@scaivault/db';
import type { LoggedRow } from '../domain/audit-row.ts';
import { isDenial } from '../domain/is-denial.ts';
import type { LogFilter, LogPage, LogStore } from '../ports.ts';

/** The columns of a LoggedRow. */
export const logColumns = (tx: Tx) => tx`
  ts as "tsMicros", event_seq as "eventSeq", id, action, identity_type as "identityType", identity_id as "identityId",
  secret_path as "secretPath", source_ip as "sourceIp", user_agent as "userAgent", success, error_code as "errorCode",
  policy_id as "policyId", duration_ms as "durationMs", request_id as "requestId", extra_data as "extraData"`;

const inOrder = (tx: Tx, { order, limit }: LogPage, ts: Statement, eventSeq: Statement): Statement =>
  order === 'desc'
    ? tx`order by ${ts} desc, ${eventSeq} desc limit ${limit}`
    : tx`order by ${ts}, ${eventSeq} limit ${limit}`;

/** The bound on `ts` alone is what leaves out partitions and steps into the index; the pair is exact. */
const behind = (tx: Tx, { order, after }: LogPage): Statement[] => {
  if (after === undefined) return [];
  const { tsMicros, eventSeq } = after;
  return order === 'desc'
    ? [tx`and ts <= ${tsMicros} and (ts, event_seq) < (${tsMicros}::timestamptz, ${eventSeq}::bigint)`]
    : [tx`and ts >= ${tsMicros} and (ts, event_seq) > (${tsMicros}::timestamptz, ${eventSeq}::bigint)`];
};

const matching = (tx: Tx, { identityId, identityType, path, success, sourceIp, requestId }: LogFilter): Statement[] => {
  const conditions: Statement[] = [];
  if (identityId !== undefined) conditions.push(tx`and identity_id = ${identityId}`);
  if (identityType !== undefined) conditions.push(tx`and identity_type = ${identityType}`);
  if (typeof path === 'string') conditions.push(tx`and secret_path = ${path}`);
  else if (path !== undefined) {
    // One range for the index, from the prefix itself on; the second half drops `path-x`, which sorts before `path/`.
    conditions.push(tx`and secret_path >= ${path.self ?? path.from} and secret_path < ${path.before}
      and (secret_path = ${path.self}::text or secret_path >= ${path.from})`);
  }
  if (success !== undefined) conditions.push(success ? tx`and success` : tx`and not success`);
  if (sourceIp !== undefined) conditions.push(tx`and source_ip = ${sourceIp}`);
  if (requestId !== undefined) conditions.push(tx`and request_id = ${requestId}`);
  return conditions;
};

/** What `read` finds without an order, of rows with one of the actions. */
const anyAction = (tx: Tx, actions: readonly string[]): Statement[] =>
  actions.length === 0 ? [] : [tx`and action = any(${actions}::text[])`];

/** A page of the rows of a scope; `more` are further conditions. */
const pageOf = (tx: Tx, scopeId: string, filter: LogFilter, page: LogPage, more: readonly Statement[]): Statement => {
  const { fromMicros, toMicros } = page.window;
  const conditions = [
    tx`scope_id = ${scopeId} and ts >= ${fromMicros} and ts < ${toMicros}`,
    ...behind(tx, page),
    ...matching(tx, filter),
    ...(page.upToSeq === undefined ? [] : [tx`and event_seq <= ${page.upToSeq}::bigint`]),
    ...more,
  ];
  return tx`select ${logColumns(tx)} from log where ${conditions} ${inOrder(tx, page, tx`ts`, tx`event_seq`)}`;
};

/**
 * The statement of a query. Several actions are read as one page each, every page straight off its index, and merged:
 * one condition over all of them could not be answered in order.
 */
export const selectLogs = (tx: Tx, scopeId: string, filter: LogFilter, page: LogPage): Statement<LoggedRow[]> => {
  const { actions } = filter;
  const [only] = actions;
  if (only === undefined) return tx<LoggedRow[]>`${pageOf(tx, scopeId, filter, page, [])}`;
  if (actions.length === 1) {
    return tx<LoggedRow[]>`${pageOf(tx, scopeId, filter, page, [tx`and action = ${only}`])}`;
  }
  return tx<LoggedRow[]>`
    select found."tsMicros", found."eventSeq", found.id, found.action, found."identityType", found."identityId",
      found."secretPath", found."sourceIp", found."userAgent", found.success, found."errorCode", found."policyId",
      found."durationMs", found."requestId", found."extraData"
    from unnest(${actions}::text[]) as wanted (name)
    cross join lateral (${pageOf(tx, scopeId, filter, page, [tx`and action = wanted.name`])}) as found
    ${inOrder(tx, page, tx`found."tsMicros"`, tx`found."eventSeq"`)}`;
};

type Holding = Parameters<LogStore['holding']>;

/** The statement of `holding`: each span is looked through by its numbers, up to the first row that fits. */
export const selectHolding = (
  tx: Tx,
  scopeId: Holding[0],
  filter: Holding[1],
  { window, upToSeq }: Holding[2],
  spans: Holding[3],
): Statement<{ first: number }[]> => {
  const conditions = [
    tx`scope_id = ${scopeId} and event_seq between s.first and least(s.last, ${upToSeq}::bigint)
      and ts >= ${window.fromMicros} and ts < ${window.toMicros}`,
    ...matching(tx, filter),
    ...anyAction(tx, filter.actions),
  ];
  return tx<{ first: number }[]>`
    select s.first
    from unnest(
      ${spans.map(({ firstEventSeq }) => firstEventSeq)}::bigint[],
      ${spans.map(({ lastEventSeq }) => lastEventSeq)}::bigint[]
    ) as s (first, last)
    where exists (select from log where ${conditions})`;
};

/** The table `log`. */
export const createLogTable = (db: Pick<Database, 'withScope' | 'sql'>): LogStore => ({
  add: async (scopeId, rows) => {
    const [result] = await db.sql<{ stored: number; tooOld: string[] }[]>`
      select stored, too_old as "tooOld" from store_records(
        ${scopeId}, ${rows.map((row) => row.tsMicros)}::timestamptz[], ${rows.map((row) => row.id)}::text[],
        ${rows.map((row) => row.action)}::text[], ${rows.map((row) => row.identityType)}::text[],
        ${rows.map((row) => row.identityId)}::text[], ${rows.map((row) => row.secretPath)}::text[],
        ${rows.map((row) => row.sourceIp)}::text[], ${rows.map((row) => row.userAgent)}::text[],
        ${rows.map((row) => row.success)}::boolean[], ${rows.map((row) => row.errorCode)}::text[],
        ${rows.map((row) => row.policyId)}::text[], ${rows.map((row) => row.durationMs)}::integer[],
        ${rows.map((row) => row.requestId)}::text[], ${rows.map((row) => row.extraData)}::text[],
        ${rows.map((row) => isDenial(row.errorCode))}::boolean[]
      )`;
    if (result === undefined) throw new Error('store_records did not answer.');
    return result;
  },

  read: (scopeId, filter, page) => db.withScope(scopeId, (tx) => selectLogs(tx, scopeId, filter, page)),

  holding: (scopeId, filter, range, spans) =>
    db.withScope(scopeId, async (tx) => {
      const rows = await selectHolding(tx, scopeId, filter, range, spans);
      return rows.map(({ first }) => first);
    }),

  ensureMonth: async (micros) => {
    await db.sql`select ensure_partition(date_trunc('month', ${micros}::timestamptz at time zone 'UTC')::date)`;
  },
});
