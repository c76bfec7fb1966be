import { read } from 'node:fs';
import { promisify } from 'node:util';
import { INCOMPLETE, MAX_RECORD_BYTES, RECORD_OVERHEAD, recordLengthAt, typeAt } from './format.ts';

const readAsync = promisify(read);

export interface BlockEntry {
  readonly type: number;
  /** Position in the block's bytes. */
  readonly at: number;
  readonly length: number;
  /** Position in the file. */
  readonly offset: number;
}

/** Bytes `[from, to)` that are no record; `tail` when no good record follows them. */
export interface Damage {
  readonly from: number;
  readonly to: number;
  readonly tail: boolean;
}

export interface Block {
  /** Valid until the next read. */
  readonly bytes: Buffer;
  readonly entries: readonly BlockEntry[];
  /** File offset behind the entries, and behind the damage if there is any. */
  readonly next: number;
  readonly damage: Damage | undefined;
}

export interface BlockReader {
  /** Good records from `from` on, as many as one read brings, up to `end`. `from` must be a record's start. */
  read(source: { readonly fd: number; readonly salt: number }, from: number, end: number): Promise<Block>;
}

const fill = async (fd: number, buffer: Buffer, position: number): Promise<number> => {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await readAsync(fd, buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
};

/** Offset of the first good record at or behind `from`; reads the rest of the file at once, which damage is rare enough for. */
const findRecord = async (fd: number, salt: number, from: number, end: number): Promise<number | undefined> => {
  const rest = Buffer.allocUnsafe(Math.max(0, end - from));
  const bytes = rest.subarray(0, await fill(fd, rest, from));
  for (let at = 0; at + RECORD_OVERHEAD <= bytes.length; at += 1) {
    if (recordLengthAt(bytes, at, salt) > 0) return from + at;
  }
  return undefined;
};

/** Reads segment files in blocks through one buffer: memory stays flat whatever the backlog. */
export const createBlockReader = (blockBytes = 128 * 1024): BlockReader => {
  let buffer = Buffer.allocUnsafe(blockBytes);

  const readBlock: BlockReader['read'] = async (source, from, end) => {
    const wanted = Math.min(buffer.length, end - from);
    const bytes = buffer.subarray(0, await fill(source.fd, buffer.subarray(0, wanted), from));
    const fileEnd = bytes.length < wanted ? from + bytes.length : end;
    const entries: BlockEntry[] = [];
    let at = 0;
    while (at < bytes.length) {
      const length = recordLengthAt(bytes, at, source.salt);
      if (length <= 0) {
        const cutByBlock = length === INCOMPLETE && from + bytes.length < fileEnd;
        if (!cutByBlock) break;
        if (entries.length > 0) return { bytes, entries, next: from + at, damage: undefined };
        buffer = Buffer.allocUnsafe(MAX_RECORD_BYTES + RECORD_OVERHEAD);
        return readBlock(source, from, end);
      }
      entries.push({ type: typeAt(bytes, at), at, length, offset: from + at });
      at += length;
    }
    const reached = from + at;
    if (at === bytes.length && fileEnd === end) return { bytes, entries, next: reached, damage: undefined };
    const found = await findRecord(source.fd, source.salt, reached + 1, fileEnd);
    const damage = { from: reached, to: found ?? end, tail: found === undefined };
    return { bytes, entries, next: damage.to, damage };
  };

  return { read: readBlock };
};
