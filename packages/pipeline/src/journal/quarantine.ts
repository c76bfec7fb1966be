import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync } from 'node:fs';
import type { AlarmSink } from './alarm.ts';
import type { Damage } from './read-block.ts';
import { openToRead, type Segment, segmentName } from './segment.ts';
import { writeFully } from './write-fully.ts';

const CHUNK_BYTES = 64 * 1024;

type Range = Omit<Damage, 'tail'>;

const copyRange = (source: number, target: number, { from, to }: Range): void => {
  const end = Math.min(to, fstatSync(source).size);
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = from; at < end; ) {
    const length = readSync(source, chunk, 0, Math.min(CHUNK_BYTES, end - at), at);
    if (length === 0) break;
    writeFully(target, chunk, length, at);
    at += length;
  }
  fsyncSync(target);
};

const setAside = (segment: Segment, range: Range): void => {
  const source = openToRead(segment);
  if (source === undefined) return;
  try {
    const target = openSync(`${segment.path}.quarantine`, constants.O_CREAT | constants.O_WRONLY, 0o600);
    try {
      copyRange(source, target, range);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
};

/**
 * Copies damaged bytes of a segment to `<segment>.quarantine`, at the offset they have in the segment, and raises the
 * alarm. Doing it twice leaves the same file. Without room for a copy the whole segment is kept: it gets that name when
 * it would have been deleted. Shipping must not wait for room, because it is what makes room.
 */
export const quarantine = (segment: Segment, range: Range, onAlarm: AlarmSink): void => {
  try {
    setAside(segment, range);
  } catch {
    segment.keep = true;
  }
  segment.inspectedTo = Math.max(segment.inspectedTo, range.to);
  onAlarm({
    kind: 'record_quarantined',
    segment: segmentName(segment),
    offset: range.from,
    bytes: range.to - range.from,
  });
};
