import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import type { AlarmSink } from './alarm.ts';
import { decodeHeader, HEADER_BYTES, idAt, RecordType, timeMsAt } from './format.ts';
import type { Ledger } from './ledger.ts';
import { quarantine } from './quarantine.ts';
import { type Block, type BlockReader, createBlockReader } from './read-block.ts';
import { describeSegment, listSegments, type Segment, segmentName, segmentPath } from './segment.ts';

const readHeader = (fd: number): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  return header.subarray(0, readSync(fd, header, 0, HEADER_BYTES, 0));
};

/** Enters one block's records into the books: an outcome ends the intent of the same id. */
const enter = (ledger: Ledger, segment: Segment, { bytes, entries }: Block): void => {
  for (const { type, at, offset, length } of entries) {
    const id = idAt(bytes, at);
    if (type === RecordType.intent) {
      ledger.running.set(id, { id, segment, offset, length, finishing: false });
      continue;
    }
    if (type === RecordType.outcome) ledger.running.delete(id);
    segment.outcomes += 1;
    ledger.outcomes += 1;
    ledger.oldestAtMs ??= timeMsAt(bytes, at);
  }
};

interface RecoveryOptions {
  readonly directory: string;
  readonly ledger: Ledger;
  readonly onAlarm: AlarmSink;
}

/** Reads what a former process left: cuts the newest segment's torn tail, quarantines all other damage. */
const recoverSegment = async (
  fd: number,
  segment: Segment,
  { ledger, onAlarm, newest, reader }: RecoveryOptions & { newest: boolean; reader: BlockReader },
): Promise<void> => {
  const source = { fd, salt: segment.salt };
  for (let at = HEADER_BYTES; at < segment.size; ) {
    const block = await reader.read(source, at, segment.size);
    enter(ledger, segment, block);
    at = block.next;
    const { damage } = block;
    if (!damage) continue;
    if (damage.tail && newest) {
      ftruncateSync(fd, damage.from);
      fdatasyncSync(fd);
      onAlarm({
        kind: 'tail_cut',
        segment: segmentName(segment),
        offset: damage.from,
        bytes: segment.size - damage.from,
      });
      segment.size = damage.from;
    } else {
      ledger.errors += 1;
      quarantine(segment, damage, onAlarm);
    }
  }
};

/** A file without a header we can read: the crash of its creation if it is the newest, otherwise set aside whole. */
const setAside = (
  path: string,
  name: string,
  sizeBytes: number,
  newest: boolean,
  { ledger, onAlarm }: RecoveryOptions,
): void => {
  if (newest && sizeBytes < HEADER_BYTES) {
    unlinkSync(path);
    onAlarm({ kind: 'tail_cut', segment: name, offset: 0, bytes: sizeBytes });
    return;
  }
  renameSync(path, `${path}.quarantine`);
  ledger.errors += 1;
  onAlarm({ kind: 'segment_quarantined', segment: name });
};

/**
 * Brings the books of a freshly opened journal up to what its files say. Intents without an outcome become orphans.
 * Answers the number the next segment gets.
 */
export const recover = async (options: RecoveryOptions): Promise<number> => {
  const { directory, ledger } = options;
  const { numbers, nextNumber } = listSegments(directory);
  const reader = createBlockReader();
  for (const number of numbers) {
    const path = segmentPath(directory, number);
    const newest = number === numbers.at(-1);
    const fd = openSync(path, 'r+');
    try {
      const size = fstatSync(fd).size;
      const salt = decodeHeader(readHeader(fd));
      const segment = describeSegment({ number, path, salt: salt ?? 0 }, { size });
      if (salt === undefined) {
        setAside(path, segmentName(segment), size, newest, options);
        continue;
      }
      await recoverSegment(fd, segment, { ...options, newest, reader });
      ledger.segments.push(segment);
      ledger.bytes += segment.size;
    } finally {
      closeSync(fd);
    }
  }
  ledger.orphans.push(...ledger.running.values());
  if (ledger.orphans.length > 0) options.onAlarm({ kind: 'intents_abandoned', records: ledger.orphans.length });
  return nextNumber;
};
