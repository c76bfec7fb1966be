/**
 * The journal's file format, version 1. A journal is a directory of segment files `<16-digit number>.journal`, read in
 * the order of their numbers. All integers are little-endian.
 *
 *     segment  = header record*
 *     header   = magic "SVAUDITJ" (8) | version u32 | salt u32 | CRC-32 of the 16 bytes before u32
 *     record   = length u32 | CRC-32 u32 | body (length bytes)
 *     body     = type u8 | id length u8 | written at, milliseconds since 1970 u48 | id (UTF-8) | payload
 *     type     = 1 intent | 2 outcome | 3 record (an outcome that had no intent)
 *
 * An outcome without payload says that its intent was withdrawn; it ends the intent and is not shipped.
 *
 * A record's CRC starts from the segment's random salt: bytes inside a payload cannot pose as a record when a reader
 * searches for the next good one behind a damaged one, and neither can a block left over from another file.
 */
import { crc32 } from 'node:zlib';

export const HEADER_BYTES = 20;
/** Bytes of a record that are neither id nor payload. */
export const RECORD_OVERHEAD = 16;
export const MAX_RECORD_BYTES = 1024 * 1024;
export const MAX_ID_BYTES = 255;

const MAGIC = Buffer.from('SVAUDITJ', 'latin1');
const VERSION = 1;
const PREFIX_BYTES = 8;
const BODY_OVERHEAD = RECORD_OVERHEAD - PREFIX_BYTES;
const TWO_POW_32 = 2 ** 32;

export const RecordType = { intent: 1, outcome: 2, record: 3 } as const;
export type RecordTypeCode = (typeof RecordType)[keyof typeof RecordType];

/** Payload of a withdrawal. */
export const noPayload: Uint8Array = new Uint8Array();

/** Answers of `recordLengthAt` other than a length. */
export const INCOMPLETE = 0;
export const CORRUPT = -1;

export const encodeHeader = (salt: number): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(salt, 12);
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
  return header;
};

/** The segment's salt, or undefined when the bytes are not the header of a version this code reads. */
export const decodeHeader = (header: Buffer): number | undefined => {
  if (header.length < HEADER_BYTES || !header.subarray(0, 8).equals(MAGIC)) return undefined;
  if (header.readUInt32LE(16) !== crc32(header.subarray(0, 16))) return undefined;
  return header.readUInt32LE(8) === VERSION ? header.readUInt32LE(12) : undefined;
};

/**
 * Writes the record around an id and a payload that already stand at `at + RECORD_OVERHEAD`; returns its length. The
 * caller puts those two there so that nothing is copied twice.
 */
export const sealRecord = (
  buffer: Buffer,
  at: number,
  record: { type: RecordTypeCode; timeMs: number; idBytes: number; payloadBytes: number; salt: number },
): number => {
  const length = RECORD_OVERHEAD + record.idBytes + record.payloadBytes;
  const time = Math.floor(record.timeMs);
  buffer[at + 8] = record.type;
  buffer[at + 9] = record.idBytes;
  buffer.writeUInt32LE(time % TWO_POW_32, at + 10);
  buffer.writeUInt16LE(Math.floor(time / TWO_POW_32) & 0xffff, at + 14);
  buffer.writeUInt32LE(length - PREFIX_BYTES, at);
  buffer.writeUInt32LE(crc32(buffer.subarray(at + PREFIX_BYTES, at + length), record.salt), at + 4);
  return length;
};

/**
 * Length in bytes of the good record at `at`; `INCOMPLETE` when it would end behind the buffer, `CORRUPT` when these
 * bytes are no record.
 */
export const recordLengthAt = (buffer: Buffer, at: number, salt: number): number => {
  const available = buffer.length - at;
  if (available < PREFIX_BYTES) return INCOMPLETE;
  const bodyBytes = buffer.readUInt32LE(at);
  if (bodyBytes < BODY_OVERHEAD || bodyBytes > MAX_RECORD_BYTES) return CORRUPT;
  if (available < PREFIX_BYTES + bodyBytes) return INCOMPLETE;
  const type = buffer[at + 8] ?? 0;
  const idBytes = buffer[at + 9] ?? 0;
  if (type < RecordType.intent || type > RecordType.record || BODY_OVERHEAD + idBytes > bodyBytes) return CORRUPT;
  const end = at + PREFIX_BYTES + bodyBytes;
  return crc32(buffer.subarray(at + PREFIX_BYTES, end), salt) === buffer.readUInt32LE(at + 4) ? end - at : CORRUPT;
};

export const typeAt = (buffer: Buffer, at: number): number => buffer[at + 8] ?? 0;

export const timeMsAt = (buffer: Buffer, at: number): number =>
  buffer.readUInt32LE(at + 10) + buffer.readUInt16LE(at + 14) * TWO_POW_32;

export const idAt = (buffer: Buffer, at: number): string =>
  buffer.toString('utf8', at + RECORD_OVERHEAD, at + RECORD_OVERHEAD + (buffer[at + 9] ?? 0));

/** The payload of a good record as a copy, so that the buffer may be used again. */
export const payloadAt = (buffer: Buffer, at: number, length: number): Uint8Array =>
  Uint8Array.prototype.slice.call(buffer, at + RECORD_OVERHEAD + (buffer[at + 9] ?? 0), at + length);
