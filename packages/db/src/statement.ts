import type postgres from 'postgres';
import { JsonText } from './json-text.ts';

/** The columns of a row by name, when a statement does not say better. */
export type Row = Record<string, unknown>;

/** The rows of a result, and how many the command touched (for `insert`, `update`, `delete` without `returning`). */
export type Rows<T extends readonly object[]> = T & { readonly count: number };

const partsKey = Symbol('parts');
const helperKey = Symbol('helper');

/** One statement's text with holes and what goes into them; never text and value mixed. */
export interface StatementParts {
  readonly strings: TemplateStringsArray | string;
  readonly values: readonly SqlValue[];
}

/** A statement that runs when it is awaited, once; put into another statement instead, it is a piece of that one's text. */
export interface Statement<T extends readonly object[] = Row[]> extends Promise<Rows<T>> {
  readonly [partsKey]: StatementParts;
}

/** A column list, a row to insert or the assignments of an update, spelled out where it stands in a statement. */
export interface SqlHelper {
  readonly [helperKey]: { readonly first: object | string; readonly rest: readonly string[] };
}

/** What may stand in a hole. Arrays become PostgreSQL arrays (add a cast: `${ids}::text[]`) or a list of fragments. */
export type SqlValue =
  | null
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | JsonParameter
  | SqlHelper
  | Statement
  | readonly SqlValue[];

/** A value for a json or jsonb column. */
export interface JsonParameter {
  readonly json: unknown;
}

export const createHelper = (first: object | string, rest: readonly string[]): SqlHelper => ({
  [helperKey]: { first, rest },
});

export const createStatement = <T extends readonly object[]>(
  parts: StatementParts,
  execute: (parts: StatementParts) => Promise<Rows<T>>,
): Statement<T> => {
  let result: Promise<Rows<T>> | undefined;
  const run = (): Promise<Rows<T>> => {
    result ??= execute(parts);
    return result;
  };
  return {
    [partsKey]: parts,
    [Symbol.toStringTag]: 'Statement',
    // biome-ignore lint/suspicious/noThenProperty: awaiting is what runs a statement; until then it may become a fragment.
    then: (onRows, onError) => run().then(onRows, onError),
    catch: (onError) => run().catch(onError),
    finally: (onSettled) => run().finally(onSettled),
  };
};

const isStatement = (value: unknown): value is Statement =>
  typeof value === 'object' && value !== null && partsKey in value;
const isHelper = (value: unknown): value is SqlHelper =>
  typeof value === 'object' && value !== null && helperKey in value;
const isJson = (value: object): value is JsonParameter => 'json' in value;

/** Left to the server's own inference: by its first element the driver would take an array of bytea for one bytea. */
const serverDecides = 0;
const jsonb = 3802;

type DriverValue = postgres.ParameterOrFragment<never>;

const refuseUndefined = (value: unknown): void => {
  // Thrown before the driver sees it: its own check comes too late to keep answers and statements in step.
  if (value === undefined) throw new TypeError('A statement was given undefined; write null for no value.');
};

const toDriverRow = (sql: postgres.Sql, row: object, columns: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([column]) => columns.length === 0 || columns.includes(column))
      .map(([column, value]) => [column, toDriverValue(sql, value as SqlValue)]),
  );

const toDriverHelper = (sql: postgres.Sql, { first, rest }: SqlHelper[typeof helperKey]): DriverValue => {
  const isRow = (value: unknown): value is object => typeof value === 'object' && value !== null;
  const spelled = !Array.isArray(first)
    ? isRow(first)
      ? toDriverRow(sql, first, rest)
      : first
    : first.map((entry: unknown) => (isRow(entry) ? toDriverRow(sql, entry, rest) : entry));
  return sql(spelled as never, ...(rest as never[])) as unknown as DriverValue;
};

const toDriverValue = (sql: postgres.Sql, value: SqlValue): DriverValue => {
  refuseUndefined(value);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value as DriverValue;
  if (isStatement(value)) return toQuery(sql, value[partsKey]);
  if (isHelper(value)) return toDriverHelper(sql, value[helperKey]);
  if (Array.isArray(value)) {
    value.forEach(refuseUndefined);
    return value.length > 0 && value.every(isStatement)
      ? value.map((fragment) => toQuery(sql, fragment[partsKey]))
      : (sql.typed(value, serverDecides) as unknown as DriverValue);
  }
  if (isJson(value)) return sql.typed(new JsonText(value.json), jsonb) as unknown as DriverValue;
  throw new TypeError('A statement was given an object; wrap it in sql.json() or spell its columns out with sql().');
};

/** The statement as a query of that driver client, ready to run or to stand in another query. */
export const toQuery = (
  sql: postgres.Sql,
  { strings, values }: StatementParts,
): postgres.PendingQuery<postgres.Row[]> =>
  typeof strings === 'string'
    ? sql.unsafe(strings, values as never[])
    : sql(strings, ...values.map((value) => toDriverValue(sql, value)));
