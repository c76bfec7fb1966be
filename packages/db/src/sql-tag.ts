import {
  createHelper,
  createStatement,
  type JsonParameter,
  type Row,
  type Rows,
  type SqlHelper,
  type SqlValue,
  type Statement,
  type StatementParts,
} from './statement.ts';

/** Writes statements as template strings; values travel beside the text, never in it. The syntax is that of postgres.js. */
export interface SqlTag {
  <T extends readonly object[] = Row[]>(strings: TemplateStringsArray, ...values: readonly SqlValue[]): Statement<T>;
  /** A quoted identifier, or a list of them: sql('name'), sql(['a', 'b']). */
  (names: string | readonly string[]): SqlHelper;
  /** A row or rows for `insert into t ${sql(row)}`, or the assignments of `update t set ${sql(row)}`. */
  (
    rows: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[],
    ...columns: string[]
  ): SqlHelper;
  /** A value for a json or jsonb column. */
  json(value: unknown): JsonParameter;
  /** Constant text that no template can express, such as several statements at once; never text built from input. */
  unsafe<T extends readonly object[] = Row[]>(text: string): Statement<T>;
}

/** Single statements, each on whichever connection is free and outside any transaction. */
export interface Sql extends SqlTag {
  readonly kind: 'pool';
}

/**
 * Statements of one open transaction. A function that takes a Tx says that it needs one. Those that are awaited together
 * cross together, in the order in which they begin.
 */
export interface Tx extends SqlTag {
  readonly kind: 'transaction';
  /** Runs `work` so that its failure undoes only its own statements and leaves the transaction usable; never two at once. */
  savepoint<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Sends a statement whose answer nobody needs; the commit follows it without waiting. Its failure undoes everything, and
   * is what the transaction fails with.
   */
  send(statement: Statement): void;
  /**
   * Soon after the commit, and only then, whoever listens to this topic of the schema hears '' (see `Database.listen`).
   * Within the transaction NOTIFY would make all commits wait for each other.
   */
  announce(topic: string): void;
}

type Execute = (parts: StatementParts) => Promise<Rows<Row[]>>;

const isTemplate = (first: unknown): first is TemplateStringsArray => Array.isArray(first) && 'raw' in first;

const createTag = (execute: Execute) => {
  const run = execute as (parts: StatementParts) => Promise<Rows<never>>;
  const tag = (first: object | string, ...rest: unknown[]): unknown =>
    isTemplate(first)
      ? createStatement({ strings: first, values: rest as SqlValue[] }, run)
      : createHelper(first, rest as string[]);
  return Object.assign(tag, {
    json: (value: unknown): JsonParameter => ({ json: value }),
    unsafe: (text: string) => createStatement({ strings: text, values: [] }, run),
  }) as SqlTag;
};

export const createSql = (execute: Execute): Sql => Object.assign(createTag(execute), { kind: 'pool' as const });

export const createTx = (execute: Execute, rest: Pick<Tx, 'savepoint' | 'send' | 'announce'>): Tx =>
  Object.assign(createTag(execute), { kind: 'transaction' as const, ...rest });
