import { create, type DescField, type DescMessage, getOption, ScalarType } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { json } from '@scaivault/contracts';
import { parseTimestamp } from '@scaivault/tenancy';
import type { Cursor } from '../json/cursor.ts';
import { scanNumber } from '../json/number.ts';
import { scanRaw } from '../json/raw-slice.ts';
import { kindAt, scanArray, scanWord, skipValue } from '../json/scan.ts';
import { scanString } from '../json/string.ts';
import { integerReaderOf } from './integer.ts';
import type { Violations } from './violations.ts';

/**
 * Moves past the value under the cursor and returns what the field shall hold; undefined when it cannot, which is then
 * among the violations under the name `path`.
 */
export type ValueReader = (cursor: Cursor, path: string, violations: Violations) => unknown;

/** Compiles the reader of a nested message; given, because messages and fields describe each other. */
export type MessageReaderOf = (message: DescMessage) => ValueReader;

const wrongType = (cursor: Cursor, path: string, violations: Violations, wanted: string): undefined => {
  skipValue(cursor);
  violations.add(path, 'type', `Must be ${wanted}.`);
};

const readString: ValueReader = (cursor, path, violations) => {
  if (kindAt(cursor) !== 'string') return wrongType(cursor, path, violations, 'a string');
  const text = scanString(cursor);
  if (text.isWellFormed()) return text;
  violations.add(path, 'format', 'Must not hold half a surrogate pair.');
  return undefined;
};

const readBoolean: ValueReader = (cursor, path, violations) => {
  const kind = kindAt(cursor);
  if (kind !== 'true' && kind !== 'false') return wrongType(cursor, path, violations, 'true or false');
  scanWord(cursor, kind);
  return kind === 'true';
};

const readTimestamp: ValueReader = (cursor, path, violations) => {
  if (kindAt(cursor) !== 'string') return wrongType(cursor, path, violations, 'a timestamp');
  const micros = parseTimestamp(scanString(cursor));
  if (micros === undefined) {
    violations.add(path, 'format', 'Must be an RFC 3339 timestamp.');
    return undefined;
  }
  const seconds = Math.floor(micros / 1e6);
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos: (micros - seconds * 1e6) * 1000 });
};

const integerReader = (field: DescField): ValueReader | undefined => {
  const readInteger = integerReaderOf(field);
  if (readInteger === undefined) return undefined;
  return (cursor, path, violations) => {
    if (kindAt(cursor) !== 'number') return wrongType(cursor, path, violations, 'an integer');
    const value = readInteger(scanNumber(cursor));
    if (value === 'type') violations.add(path, 'type', 'Must be an integer.');
    else if (value === 'range') violations.add(path, 'range', 'Is out of range.');
    else return value;
    return undefined;
  };
};

const listReader =
  (readItem: ValueReader): ValueReader =>
  (cursor, path, violations) => {
    if (kindAt(cursor) !== 'array') return wrongType(cursor, path, violations, 'a list');
    const items: unknown[] = [];
    scanArray(cursor, (index) => {
      const item = readItem(cursor, `${path}[${index}]`, violations);
      if (item !== undefined) items.push(item);
    });
    return items;
  };

const singleReader = (field: DescField, messageReaderOf: MessageReaderOf): ValueReader => {
  if (field.message?.typeName === TimestampSchema.typeName) return readTimestamp;
  if (field.message !== undefined && field.fieldKind !== 'map') return messageReaderOf(field.message);
  const { scalar } = field;
  if (scalar === ScalarType.BYTES && getOption(field, json).raw) return scanRaw;
  if (scalar === ScalarType.STRING) return readString;
  if (scalar === ScalarType.BOOL) return readBoolean;
  const reader = integerReader(field);
  if (reader === undefined || field.fieldKind === 'map') {
    throw new Error(`${field.parent.typeName}.${field.name}: this kind of field cannot come from JSON`);
  }
  return reader;
};

/** A list that may also come as one text with commas, as it does in a query. */
const commaListReader = (readList: ValueReader): ValueReader => {
  return (cursor, path, violations) => {
    if (kindAt(cursor) !== 'string') return readList(cursor, path, violations);
    const text = readString(cursor, path, violations);
    return typeof text === 'string' ? text.split(',') : undefined;
  };
};

/** Compiles the reader of one field of a JSON body; throws at start for kinds of fields that no request has. */
export const compileValueReader = (field: DescField, messageReaderOf: MessageReaderOf): ValueReader => {
  const readSingle = singleReader(field, messageReaderOf);
  if (field.fieldKind !== 'list') return readSingle;
  const readList = listReader(readSingle);
  return getOption(field, json).commaList ? commaListReader(readList) : readList;
};
