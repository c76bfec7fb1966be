import { type DescField, getOption, ScalarType } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { json } from '@scaivault/contracts';
import { formatMicros, formatSeconds } from '@scaivault/tenancy';

/** JSON text of a value that is set. */
export type ValueWriter = (value: never) => string;

const writeSeconds = (value: Timestamp): string => `"${formatSeconds(Number(value.seconds) * 1000)}"`;

const writeMicros = ({ seconds, nanos }: Timestamp): string =>
  `"${formatMicros(Number(seconds) * 1e6 + Math.floor(nanos / 1000))}"`;

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const writeRaw = (value: Uint8Array): string => (value.length === 0 ? 'null' : bufferOf(value).toString('utf8'));

const writeBase64 = (value: Uint8Array): string => `"${bufferOf(value).toString('base64')}"`;

const writeString = (value: string): string => JSON.stringify(value);

const writeBoolean = (value: boolean): string => (value ? 'true' : 'false');

const writeInteger = (value: number | bigint): string => `${value}`;

/** JSON knows neither infinity nor what is no number: null (RFC 8259 section 6). */
const writeDouble = (value: number): string => JSON.stringify(value);

const scalarWriter = (field: DescField, scalar: ScalarType): ValueWriter => {
  if (scalar === ScalarType.STRING) return writeString;
  if (scalar === ScalarType.BOOL) return writeBoolean;
  if (scalar === ScalarType.BYTES) return getOption(field, json).raw ? writeRaw : writeBase64;
  if (scalar === ScalarType.FLOAT) {
    throw new Error(`${field.parent.typeName}.${field.name}: a float shows digits it does not have; take a double`);
  }
  return scalar === ScalarType.DOUBLE ? writeDouble : writeInteger;
};

const unanswerable = (field: DescField): Error =>
  new Error(`${field.parent.typeName}.${field.name}: this kind of field is not answered`);

const singleWriter = (field: DescField, messageWriterOf: (field: DescField) => ValueWriter): ValueWriter => {
  if (field.message?.typeName === TimestampSchema.typeName) {
    return getOption(field, json).micros ? writeMicros : writeSeconds;
  }
  if (field.message !== undefined) return messageWriterOf(field);
  if (field.scalar === undefined) throw unanswerable(field);
  return scalarWriter(field, field.scalar);
};

const listWriter =
  (writeItem: ValueWriter): ValueWriter =>
  (items: readonly never[]) => {
    if (items.length === 0) return '[]';
    let text = '[';
    for (const item of items) text += text === '[' ? writeItem(item) : `,${writeItem(item)}`;
    return `${text}]`;
  };

/** An object by the map's keys; all of them its own members, so that one called `__proto__` is written like any other. */
const mapWriter =
  (writeItem: ValueWriter): ValueWriter =>
  (items: Readonly<Record<string, never>>) => {
    let text = '';
    for (const [key, item] of Object.entries(items))
      text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${writeItem(item)}`;
    return text === '' ? '{}' : `${text}}`;
  };

/** Compiles the writer of one field's value. */
export const compileValueWriter = (
  field: DescField,
  messageWriterOf: (field: DescField) => ValueWriter,
): ValueWriter => {
  if (field.oneof !== undefined) throw unanswerable(field);
  const writeSingle = singleWriter(field, messageWriterOf);
  if (field.fieldKind === 'list') return listWriter(writeSingle);
  return field.fieldKind === 'map' ? mapWriter(writeSingle) : writeSingle;
};
