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

const scalarWriter = (field: DescField, scalar: ScalarType): ValueWriter => {
  if (scalar === ScalarType.STRING) return writeString;
  if (scalar === ScalarType.BOOL) return writeBoolean;
  if (scalar === ScalarType.BYTES) return getOption(field, json).raw ? writeRaw : writeBase64;
  if (scalar === ScalarType.DOUBLE || scalar === ScalarType.FLOAT) {
    throw new Error(`${field.parent.typeName}.${field.name}: floating point numbers are not answered`);
  }
  return writeInteger;
};

const singleWriter = (field: DescField, messageWriterOf: (field: DescField) => ValueWriter): ValueWriter => {
  if (field.message?.typeName === TimestampSchema.typeName) {
    return getOption(field, json).micros ? writeMicros : writeSeconds;
  }
  if (field.fieldKind === 'map' || field.enum !== undefined || field.oneof !== undefined) {
    throw new Error(`${field.parent.typeName}.${field.name}: this kind of field is not answered`);
  }
  return field.message === undefined ? scalarWriter(field, field.scalar) : messageWriterOf(field);
};

const listWriter =
  (writeItem: ValueWriter): ValueWriter =>
  (items: readonly never[]) => {
    if (items.length === 0) return '[]';
    let text = '[';
    for (const item of items) text += text === '[' ? writeItem(item) : `,${writeItem(item)}`;
    return `${text}]`;
  };

/** Compiles the writer of one field's value. */
export const compileValueWriter = (
  field: DescField,
  messageWriterOf: (field: DescField) => ValueWriter,
): ValueWriter => {
  const writeSingle = singleWriter(field, messageWriterOf);
  return field.fieldKind === 'list' ? listWriter(writeSingle) : writeSingle;
};
