import { type DescField, type DescMessage, isMessage, type Message, ScalarType, toBinary } from '@bufbuild/protobuf';
import { maxMessageBytes } from './limits.ts';

type CopyValue = (value: unknown, meter: Meter) => unknown;
type Properties = Record<string, unknown>;

/** Bytes that the message takes at most on a wire, summed while it is copied. */
interface Meter {
  bytes: number;
}

export type MessageCopier = (message: unknown) => Message;

/** Tag and length of a field, or a number of any kind. */
const longestNumber = 10;
/** Longest UTF-8 form of one UTF-16 unit. */
const bytesPerUnit = 3;

const unfit = (field: DescField): Error => new TypeError(`${field.parent.typeName}.${field.name} has another type.`);

const fits: Readonly<Record<ScalarType, (value: unknown) => boolean>> = (() => {
  const isText = (value: unknown): boolean => typeof value === 'string';
  const isInt32 = (value: unknown): boolean => typeof value === 'number' && (value | 0) === value;
  const isUint32 = (value: unknown): boolean => typeof value === 'number' && value >>> 0 === value;
  const isBig = (value: unknown): boolean => typeof value === 'bigint';
  const isNumber = (value: unknown): boolean => typeof value === 'number';
  return {
    [ScalarType.STRING]: isText,
    [ScalarType.BYTES]: (value) => value instanceof Uint8Array,
    [ScalarType.BOOL]: (value) => typeof value === 'boolean',
    [ScalarType.INT32]: isInt32,
    [ScalarType.SINT32]: isInt32,
    [ScalarType.SFIXED32]: isInt32,
    [ScalarType.UINT32]: isUint32,
    [ScalarType.FIXED32]: isUint32,
    [ScalarType.INT64]: isBig,
    [ScalarType.SINT64]: isBig,
    [ScalarType.SFIXED64]: isBig,
    [ScalarType.UINT64]: isBig,
    [ScalarType.FIXED64]: isBig,
    [ScalarType.DOUBLE]: isNumber,
    [ScalarType.FLOAT]: isNumber,
  };
})();

const copyScalar = (field: DescField, scalar: ScalarType): CopyValue => {
  const isFit = fits[scalar];
  return (value, meter) => {
    if (!isFit(value)) throw unfit(field);
    meter.bytes += longestNumber;
    if (typeof value === 'string') {
      meter.bytes += value.length * bytesPerUnit;
      // UTF-8 has no lone surrogates, so no wire carries one.
      return value.isWellFormed() ? value : value.toWellFormed();
    }
    if (value instanceof Uint8Array) {
      meter.bytes += value.length;
      return new Uint8Array(value);
    }
    return value;
  };
};

const copySingle = (field: DescField): CopyValue => {
  if (field.message !== undefined) {
    const copy = compileFields(field.message);
    return (value, meter) => {
      if (typeof value !== 'object' || value === null) throw unfit(field);
      meter.bytes += longestNumber;
      return copy(value as Properties, meter);
    };
  }
  return copyScalar(field, field.fieldKind === 'enum' ? ScalarType.INT32 : (field.scalar ?? ScalarType.INT32));
};

const copyList = (field: DescField): CopyValue => {
  const copyItem = copySingle(field);
  return (value, meter) => {
    if (!Array.isArray(value)) throw unfit(field);
    return value.map((item) => copyItem(item, meter));
  };
};

const copyMap = (field: DescField): CopyValue => {
  const copyItem = copySingle(field);
  return (value, meter) => {
    if (typeof value !== 'object' || value === null) throw unfit(field);
    // Object.fromEntries defines members, so a key called __proto__ is one as well.
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        meter.bytes += 2 * longestNumber + key.length * bytesPerUnit;
        return [key, copyItem(item, meter)];
      }),
    );
  };
};

const copierOf = (field: DescField): CopyValue => {
  if (field.oneof !== undefined) throw new Error(`${field.parent.typeName}.${field.name}: our contract has no oneof.`);
  if (field.fieldKind === 'list') return copyList(field);
  return field.fieldKind === 'map' ? copyMap(field) : copySingle(field);
};

type CopyFields = (message: Properties, meter: Meter) => Properties;

const compiled = new WeakMap<DescMessage, CopyFields>();

/** Compiled once per type; recursive types find themselves. */
const compileFields = (desc: DescMessage): CopyFields => {
  const known = compiled.get(desc);
  if (known !== undefined) return known;
  const members: { readonly name: string; readonly copy: CopyValue }[] = [];
  const copyFields: CopyFields = (message, meter) => {
    const copy: Properties = { $typeName: desc.typeName };
    for (const { name, copy: copyValue } of members) {
      const value = message[name];
      if (value !== undefined) copy[name] = copyValue(value, meter);
    }
    return copy;
  };
  compiled.set(desc, copyFields);
  for (const field of desc.fields) members.push({ name: field.localName, copy: copierOf(field) });
  return copyFields;
};

/**
 * Compiles what makes a message's copy as a wire would hand it over, without encoding it: nothing is shared with the
 * original, values have the type of their field (TypeError otherwise), texts are well-formed. Calls `onTooLarge` with
 * the encoded size in bytes of a message that no wire carries. For messages of proto3 files, as all of ours are.
 */
export const compileCopier = (desc: DescMessage, onTooLarge: (bytes: number) => Error): MessageCopier => {
  const copyFields = compileFields(desc);
  return (message) => {
    if (!isMessage(message, desc)) throw new TypeError(`This is no ${desc.typeName}.`);
    const meter: Meter = { bytes: 0 };
    const copy = copyFields(message as unknown as Properties, meter);
    if (meter.bytes > maxMessageBytes) {
      const { length } = toBinary(desc, message);
      if (length > maxMessageBytes) throw onTooLarge(length);
    }
    return copy as unknown as Message;
  };
};
