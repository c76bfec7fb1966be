import type { Statement, Tx } from '@scaivault/db';
import { parsePathPrefix, parsePolicyPath } from '@scaivault/tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogFilter, LogPage } from '../src/ports.ts';
import { selectHolding, selectLogs } from '../src/store/log-table.ts';
import { type OpenLog, openLog, scopeA } from './open-log.ts';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

const microsOf = (text: string): number => Date.parse(text) * 1000;
const start = '2024-01-01T00:00:00Z';
const end = '2024-04-01T00:00:00Z';

const everything: LogFilter = {
  actions: [],
  identityId: undefined,
  identityType: undefined,
  path: undefined,
  success: undefined,
  sourceIp: undefined,
  requestId: undefined,
};
const lastPage: LogPage = {
  window: { fromMicros: microsOf(start), toMicros: microsOf(end) },
  order: 'desc',
  after: undefined,
  limit: 101,
};

let opened: OpenLog;

const rows = 100_000;
const piece = 10_000;

/** Makes the indexes once all rows are there, which takes a fraction of the time. */
const withoutIndexes = async (fill: () => Promise<void>): Promise<void> => {
  const indexes = await opened.owner.sql<{ name: string; definition: string }[]>`
    select indexname as name, replace(indexdef, ' ON ONLY ', ' ON ') as definition from pg_indexes
    where schemaname = 'audit' and tablename = 'log' and indexname <> 'log_pkey'`;
  for (const { name } of indexes) await opened.owner.sql.unsafe(`drop index audit.${name}`);
  await fill();
  for (const { definition } of indexes) await opened.owner.sql.unsafe(definition);
};

/** That many rows of one tenant over a quarter, and as many of another. */
beforeAll(async () => {
  opened = await openLog();
  for (const month of ['2024-01', '2024-02', '2024-03'])
    await opened.log.ensureMonth(microsOf(`${month}-01T00:00:00Z`));
  await withoutIndexes(async () => {
    // In pieces, so that no statement takes long on a machine that has much to do.
    for (let first = 1; first <= rows; first += piece)
      await opened.owner.sql`
    insert into log (scope_id, ts, id, event_seq, action, identity_type, identity_id, secret_path, source_ip, success,
      error_code, duration_ms, request_id, extra_data)
    select scope, ${start}::text::timestamptz + n * interval '78 seconds', 'log_' || n, n,
      case when n % 5000 = 0 then 'destroy' when n % 700 = 0 then 'rotate' when n % 10 = 0 then 'write' else 'read' end,
      case when n % 3000 = 0 then 'system' when n % 4 = 0 then 'user' else 'service_account' end,
      'sa:' || n % 900, 'app' || n % 50 || '/team' || n % 70 || '/db', '192.0.2.' || n % 200,
      n % 400 <> 0, case when n % 400 = 0 then 'permission_denied' end, 1, 'req_' || n, '{}'
    from generate_series(${first}::integer, ${first + piece - 1}::integer) n, unnest(array['t:tnt_a', 't:tnt_b']) as scope`;
  });
  // Of all rows instead of a sample: what the planner knows, and so what it does, is the same in every run.
  await opened.owner.sql`set default_statistics_target = 1000`;
  await opened.owner.sql`analyze log`;
});
afterAll(() => opened[Symbol.asyncDispose]());

const nodesOf = (node: PlanNode): readonly PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

const explainOf = (statementOf: (tx: Tx) => Statement): Promise<readonly PlanNode[]> =>
  opened.db.withScope(scopeA, async (tx) => {
    const statement = statementOf(tx);
    const [row] = await tx<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }[]>`
      explain (analyze, format json) ${statement}`;
    if (row === undefined) throw new Error('no plan');
    return nodesOf(row['QUERY PLAN'][0].Plan);
  });

const explain = (filter: Partial<LogFilter>, page: Partial<LogPage>): Promise<readonly PlanNode[]> =>
  explainOf(
    (tx) => selectLogs(tx, scopeA, { ...everything, ...filter }, { ...lastPage, ...page }) as unknown as Statement,
  );

const scans = (nodes: readonly PlanNode[]): readonly PlanNode[] =>
  nodes.filter((node) => /Scan$/.test(node['Node Type']) && node['Node Type'] !== 'Function Scan');

/** Rows that the plan took into its hands, those it threw away again included; a bitmap only says where they are. */
const touched = (nodes: readonly PlanNode[]): number =>
  scans(nodes)
    .filter((node) => node['Node Type'] !== 'Bitmap Index Scan')
    .reduce(
      (sum, node) =>
        sum + ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 0),
      0,
    );

const middle = { tsMicros: microsOf('2024-02-10T00:00:00Z'), eventSeq: 44_000 };

/** With the most rows that a page of 100 may touch. */
const queries: readonly [string, Partial<LogFilter>, number][] = [
  ['nothing', {}, 150],
  ['a common action', { actions: ['read'] }, 300],
  ['a rare action', { actions: ['destroy'] }, 150],
  ['two actions, one of them rare', { actions: ['read', 'destroy'] }, 400],
  ['an identity', { identityId: 'sa:77' }, 150],
  ['an identity nobody knows', { identityId: 'sa:nobody' }, 0],
  ['a common identity type', { identityType: 'service_account' }, 300],
  ['a rare identity type', { identityType: 'system' }, 150],
  ['success', { success: true }, 150],
  ['failure', { success: false }, 300],
  ['an address', { sourceIp: '192.0.2.7' }, 300],
  ['a request', { requestId: 'req_70000' }, 1],
  ['a narrow prefix', { path: parsePathPrefix('app7/team7').range() }, 300],
  ['a path', { path: parsePathPrefix('app7/team7/db').range() }, 300],
  ['a wide prefix', { path: parsePathPrefix('app7/').range() }, 6000],
  ['one path', { path: parsePolicyPath('app7/team7/db') }, 150],
  ['a prefix of nothing', { path: parsePathPrefix('nothing/here').range() }, 0],
  ['an identity that failed', { identityId: 'sa:100', success: false }, 1000],
];

describe.each([
  ['the first page', {}],
  ['a page in the middle', { after: middle }],
  ['the oldest first', { order: 'asc' as const }],
  ['the oldest first, in the middle', { order: 'asc' as const, after: middle }],
  ['up to a number, as an export reads', { order: 'asc' as const, upToSeq: 90_000 }],
  ['up to a number, in the middle', { order: 'asc' as const, after: middle, upToSeq: 90_000 }],
])('%s', (_name, page) => {
  it.each(queries)('by %s reads indexes and few rows', async (_filter, filter, most) => {
    const nodes = await explain(filter, page);
    expect(scans(nodes).length).toBeGreaterThan(0);
    expect(scans(nodes).map((node) => node['Node Type'])).not.toContain('Seq Scan');
    expect(touched(nodes)).toBeLessThanOrEqual(most);
  });
});

it.each<[string, Partial<LogFilter>, number]>([
  ['common', {}, 1],
  ['rare', { identityId: 'sa:77', actions: ['write', 'read'] }, 1_000],
  ['unknown', { identityId: 'sa:nobody' }, 1_000],
])('looks through a batch by its numbers for a row of an export that is %s', async (_name, filter, most) => {
  const spans = [5, 40, 80].map((thousand) => ({
    firstEventSeq: thousand * 1000 + 1,
    lastEventSeq: thousand * 1000 + 1000,
  }));
  const range = { window: lastPage.window, upToSeq: 90_000 };
  const nodes = await explainOf(
    (tx) => selectHolding(tx, scopeA, { ...everything, ...filter }, range, spans) as unknown as Statement,
  );
  expect(scans(nodes).map((node) => node['Node Type'])).not.toContain('Seq Scan');
  expect(touched(nodes)).toBeLessThanOrEqual(spans.length * most);
});

it('looks into the months of the window only', async () => {
  const window = { fromMicros: microsOf('2024-02-03T00:00:00Z'), toMicros: microsOf('2024-02-10T00:00:00Z') };
  const relations = scans(await explain({ identityId: 'sa:77' }, { window })).map((node) => node['Relation Name']);
  expect(relations).toEqual(['log_2024_02']);
});
