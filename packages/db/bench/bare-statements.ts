import { randomBytes } from 'node:crypto';
import { answerQuestions } from '@scaivault/measure/answer-questions';
import { drive, type LoadResult, type Pace } from '@scaivault/measure/load/drive';
import { seededRandom } from '@scaivault/measure/load/seeded-random';
import { weightedTurns } from '@scaivault/measure/load/weighted-turns';
import postgres from 'postgres';
import { parseConnectionTarget } from '../src/connection-target.ts';

/** What a request needs at the least of a database, as one prepared statement; a write commits by itself. */
export type BareStatement = 'read' | 'write' | 'batch' | 'list';

export interface BareOrder {
  readonly statements: readonly { readonly statement: BareStatement; readonly weight: number }[];
  /** Rows that a read draws from. */
  readonly among: number;
  readonly pace: Pace;
  readonly seed: number;
}

export type BareQuestion =
  | { readonly open: { readonly url: string; readonly rows: number; readonly connections: number } }
  | { readonly load: BareOrder };

const owner = 't:bench';
const batchSize = 100;
const pathOf = (n: number): string => `bench/${String(n).padStart(6, '0')}`;

/** A table as wide as the row of a version, with as many of them. */
const fill = async (sql: postgres.Sql, rows: number): Promise<void> => {
  await sql`
    create table bare (
      scope_id text not null, path text collate "C" not null, version integer not null, data_ct bytea not null,
      data_key_wrapped bytea not null, wrapped_by text not null, created_at timestamptz not null, created_by text not null,
      primary key (scope_id, path, version)
    )`;
  await sql`
    insert into bare
    select ${owner}, 'bench/' || lpad(n::text, 6, '0'), 1, decode(repeat('f1', 150), 'hex'), decode(repeat('f1', 62), 'hex'),
      'key_bench', now(), 'user:bench'
    from generate_series(0, ${rows - 1}::integer) as n`;
  await sql`vacuum analyze bare`;
};

/** Of the last row that was written. */
let version = 1;

type Ask = (drawn: number, among: number) => Promise<unknown>;

const asksOf = (sql: postgres.Sql): Readonly<Record<BareStatement, Ask>> => {
  const [ciphertext, wrapped] = [randomBytes(150), randomBytes(62)];
  return {
    read: (n) => sql`select * from bare where scope_id = ${owner} and path = ${pathOf(n)} and version = 1`,
    write: (n) => {
      version += 1;
      return sql`
        insert into bare values (
          ${owner}, ${pathOf(n)}, ${version}, ${ciphertext}, ${wrapped}, 'key_bench', now(), 'user:bench'
        )`;
    },
    batch: (n, among) => {
      const step = Math.max(1, Math.floor(among / batchSize));
      const paths = Array.from({ length: batchSize }, (_, index) => pathOf((n + index * step) % among));
      return sql`select * from bare where scope_id = ${owner} and path = any(${paths}) and version = 1`;
    },
    list: () => sql`
      select path, version, created_at, created_by from bare where scope_id = ${owner} and path > ''
      order by path limit ${batchSize}`,
  };
};

let opened: postgres.Sql | undefined;

const load = async (sql: postgres.Sql, { statements, among, pace, seed }: BareOrder): Promise<LoadResult> => {
  const random = seededRandom(seed);
  const asks = asksOf(sql);
  const turns = weightedTurns(statements.map(({ weight }) => weight));
  let turn = 0;
  return await drive(pace, async () => {
    const index = turns[turn++ % turns.length] ?? 0;
    await asks[statements[index]?.statement ?? 'read'](Math.floor(random() * among), among);
  });
};

// The driver and nothing else, in a process of its own.
answerQuestions(async (question: BareQuestion) => {
  if ('load' in question) {
    if (opened === undefined) throw new Error('No database is open yet.');
    return await load(opened, question.load);
  }
  const { url, rows, connections } = question.open;
  const { host, port, user, password, database } = parseConnectionTarget(url);
  opened = postgres({ host, port, user, password, database, max: connections, onnotice: () => {} });
  await fill(opened, rows);
  return true;
});
