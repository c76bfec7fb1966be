import { create } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';

/** google.protobuf.Timestamp of whole microseconds since the epoch. */
export const timestampOf = (micros: number): Timestamp => {
  const seconds = Math.floor(micros / 1_000_000);
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos: (micros - seconds * 1_000_000) * 1000 });
};

/** The same for a time that may not be set. */
export const optionalTimestamp = (micros: number | null | undefined): Timestamp | undefined =>
  micros === null || micros === undefined ? undefined : timestampOf(micros);
