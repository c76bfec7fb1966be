import { type DescField, ScalarType } from '@bufbuild/protobuf';

/** Value of an integer field, or which rule the number breaks. */
export type IntegerResult = number | bigint | 'type' | 'range';

export type IntegerReader = (text: string) => IntegerResult;

interface Bounds {
  readonly min: bigint;
  readonly max: bigint;
  readonly isLong: boolean;
}

const signed = (bits: bigint): Omit<Bounds, 'isLong'> => ({ min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n });
const unsigned = (bits: bigint): Omit<Bounds, 'isLong'> => ({ min: 0n, max: (1n << bits) - 1n });

const int32: Bounds = { ...signed(32n), isLong: false };
const uint32: Bounds = { ...unsigned(32n), isLong: false };
const int64: Bounds = { ...signed(64n), isLong: true };
const uint64: Bounds = { ...unsigned(64n), isLong: true };

const boundsByScalar: ReadonlyMap<ScalarType, Bounds> = new Map([
  [ScalarType.INT32, int32],
  [ScalarType.SINT32, int32],
  [ScalarType.SFIXED32, int32],
  [ScalarType.UINT32, uint32],
  [ScalarType.FIXED32, uint32],
  [ScalarType.INT64, int64],
  [ScalarType.SINT64, int64],
  [ScalarType.SFIXED64, int64],
  [ScalarType.UINT64, uint64],
  [ScalarType.FIXED64, uint64],
]);

const plainInteger = /^-?\d{1,20}$/;

/** `1.0` and `1e2` are integers too; only plain digits are read beyond 2^53. */
const exactInteger = (text: string): bigint | undefined => {
  if (plainInteger.test(text)) return BigInt(text);
  const value = Number(text);
  return Number.isInteger(value) ? BigInt(value) : undefined;
};

/** Reader for the integer type of a field, from a number of JSON grammar; undefined for other scalar types. */
export const integerReaderOf = (field: DescField & { readonly scalar?: ScalarType }): IntegerReader | undefined => {
  const bounds = field.scalar === undefined ? undefined : boundsByScalar.get(field.scalar);
  if (bounds === undefined) return undefined;
  const { min, max, isLong } = bounds;
  return (text) => {
    const value = exactInteger(text);
    if (value === undefined) return 'type';
    if (value < min || value > max) return 'range';
    return isLong ? value : Number(value);
  };
};
