import type { PostgresType } from 'postgres';
import { parseArray, writeArray } from './array-text.ts';
import { JsonText } from './json-text.ts';
import { formatPostgresTimestamp, parsePostgresTimestamp } from './timestamp.ts';

interface ColumnType {
  /** Object ids of pg_type: the type's own and that of its array. */
  readonly oid: number;
  readonly arrayOid: number;
  readonly write: (value: unknown) => string;
  readonly parse: (text: string) => unknown;
}

/** Text no type takes: the server then refuses the statement in its own, orderly way. */
const unfit = '\\x?';

const asIs = (text: string): string => text;

const parseInt8 = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('An int8 column holds a number beyond 2^53.');
  return value;
};

const bytes: Pick<ColumnType, 'write' | 'parse'> = {
  write: (value) => (value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : unfit),
  parse: (text) => Buffer.from(text.slice(2), 'hex'),
};

const json: Pick<ColumnType, 'write' | 'parse'> = {
  write: (value) => (value instanceof JsonText ? value.text : unfit),
  parse: (text) => JSON.parse(text) as unknown,
};

const known: Readonly<Record<string, ColumnType>> = {
  bool: { oid: 16, arrayOid: 1000, write: String, parse: (text) => text === 't' },
  bytea: { oid: 17, arrayOid: 1001, ...bytes },
  int8: { oid: 20, arrayOid: 1016, write: String, parse: parseInt8 },
  int2: { oid: 21, arrayOid: 1005, write: String, parse: Number },
  int4: { oid: 23, arrayOid: 1007, write: String, parse: Number },
  text: { oid: 25, arrayOid: 1009, write: String, parse: asIs },
  json: { oid: 114, arrayOid: 199, ...json },
  float8: { oid: 701, arrayOid: 1022, write: String, parse: Number },
  varchar: { oid: 1043, arrayOid: 1015, write: String, parse: asIs },
  date: { oid: 1082, arrayOid: 1182, write: String, parse: asIs },
  timestamp: { oid: 1114, arrayOid: 1115, write: String, parse: asIs },
  timestamptz: {
    oid: 1184,
    arrayOid: 1185,
    write: (value) => formatPostgresTimestamp(value) ?? unfit,
    parse: parsePostgresTimestamp,
  },
  numeric: { oid: 1700, arrayOid: 1231, write: String, parse: asIs },
  uuid: { oid: 2950, arrayOid: 2951, write: String, parse: asIs },
  jsonb: { oid: 3802, arrayOid: 3807, ...json },
};

const driverTypes = Object.entries(known).flatMap(
  ([name, { oid, arrayOid, write, parse }]): [string, PostgresType][] => [
    [name, { to: oid, from: [oid], serialize: write, parse }],
    [
      `${name}[]`,
      {
        to: arrayOid,
        from: [arrayOid],
        serialize: (value: unknown) => writeArray(value, write, unfit),
        parse: (text: string) => parseArray(text, parse),
      },
    ],
  ],
);

/**
 * How columns look in JavaScript: `int8` (and so `count(*)`) is a number and an error beyond 2^53; `timestamptz` is a
 * number of microseconds since the epoch, both ways; `date` and `timestamp` stay text, because they name no instant, and
 * `numeric` because a number could not hold it; bytea is a Buffer; json is parsed, and written through `sql.json()` only.
 * Arrays have one dimension. Types not named here come as text. Writing never throws: the driver would lose count of
 * statements and answers.
 */
export const columnTypes: Readonly<Record<string, PostgresType>> = Object.fromEntries(driverTypes);
