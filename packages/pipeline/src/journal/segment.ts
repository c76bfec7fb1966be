import { closeSync, fsyncSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errnoOf } from './alarm.ts';
import { encodeHeader, HEADER_BYTES } from './format.ts';
import { writeFully } from './write-fully.ts';

/** One file of the journal, and what this process knows about it. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  readonly salt: number;
  /** End of the last good record; bytes behind it do not count. */
  size: number;
  /** Where the shipper goes on: everything before it was acknowledged. */
  shippedTo: number;
  outcomes: number;
  acknowledged: number;
  /** Nothing is appended any more. */
  closed: boolean;
  /** Open while the segment is written and until its last sync. */
  fd: number | undefined;
  /** The directory entry is on disk. */
  entrySynced: boolean;
  /** Rises when the file was written anew at the same path; readers then open it again. */
  generation: number;
  /** Damage below this offset was quarantined already. */
  inspectedTo: number;
  /** Holds damage that could not be copied: renamed instead of deleted. */
  keep: boolean;
}

const SEGMENT_NAME = /^(\d{16})\.journal(\.quarantine)?$/;

export const segmentPath = (directory: string, number: number): string =>
  join(directory, `${String(number).padStart(16, '0')}.journal`);

export const segmentName = (segment: Segment): string => basename(segment.path);

/** Numbers of the segment files in order, and the first number never used here (quarantined names count as used). */
export const listSegments = (directory: string): { numbers: number[]; nextNumber: number } => {
  const numbers: number[] = [];
  let last = 0;
  for (const name of readdirSync(directory)) {
    const match = SEGMENT_NAME.exec(name);
    if (!match) continue;
    const number = Number(match[1]);
    last = Math.max(last, number);
    if (match[2] === undefined) numbers.push(number);
  }
  return { numbers: numbers.sort((a, b) => a - b), nextNumber: last + 1 };
};

export const describeSegment = (
  place: { number: number; path: string; salt: number },
  state: Partial<Segment> = {},
): Segment => ({
  size: HEADER_BYTES,
  shippedTo: HEADER_BYTES,
  outcomes: 0,
  acknowledged: 0,
  closed: true,
  fd: undefined,
  entrySynced: true,
  generation: 0,
  inspectedTo: 0,
  keep: false,
  ...place,
  ...state,
});

/** Creates an empty segment for appending; leaves no file behind when it fails. */
export const createSegment = (directory: string, number: number, salt: number): Segment => {
  const path = segmentPath(directory, number);
  const fd = openSync(path, 'wx+', 0o600);
  try {
    writeFully(fd, encodeHeader(salt), HEADER_BYTES, 0);
  } catch (error) {
    closeSync(fd);
    unlinkSync(path);
    throw error;
  }
  return describeSegment({ number, path, salt }, { closed: false, fd, entrySynced: false });
};

/** A descriptor for reading the segment, or undefined when its file is gone. */
export const openToRead = (segment: Segment): number | undefined => {
  try {
    return openSync(segment.path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** Puts the directory's list of names on disk, so that a new file survives a power loss. */
export const syncDirectory = (directory: string): void => {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};
