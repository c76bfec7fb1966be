import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, unlinkSync } from 'node:fs';
import type { AlarmSink } from './alarm.ts';
import { type Segment, segmentName } from './segment.ts';
import { writeFully } from './write-fully.ts';

const CHUNK_BYTES = 1024 * 1024;

const copyOut = (segment: Segment, from: number, to: number): void => {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; at < segment.size; ) {
    const length = readSync(from, chunk, 0, Math.min(CHUNK_BYTES, segment.size - at), at);
    if (length === 0) break;
    writeFully(to, chunk, length, at);
    at += length;
  }
  fsyncSync(to);
};

/** The file lost its name, but its bytes live as long as our descriptor: write them to a new file of the same name. */
const restore = (segment: Segment, fd: number): number => {
  const fresh = openSync(segment.path, 'wx+', 0o600);
  try {
    copyOut(segment, fd, fresh);
  } catch (error) {
    closeSync(fresh);
    unlinkSync(segment.path);
    throw error;
  }
  segment.fd = fresh;
  segment.entrySynced = false;
  segment.generation += 1;
  return fd;
};

export type GuardVerdict =
  | { readonly state: 'sound' }
  /** Cut by somebody else: `size` was set to what is left, and nothing may be appended. */
  | { readonly state: 'truncated'; readonly lostBytes: number }
  /** Written anew under its name; the old descriptor is to be closed. */
  | { readonly state: 'restored'; readonly oldFd: number };

const SOUND: GuardVerdict = { state: 'sound' };

/**
 * Asks the system (one fstat, about 1 µs) whether the file being appended to is still the file in the directory and as
 * long as we left it. An unlinked file is restored, foreign bytes behind our end are cut off. Throws what the system
 * threw.
 */
export const guardSegment = (segment: Segment, fd: number, onAlarm: AlarmSink): GuardVerdict => {
  const { nlink, size } = fstatSync(fd);
  if (nlink > 0 && size === segment.size) return SOUND;
  const name = segmentName(segment);
  if (size !== segment.size) {
    onAlarm({ kind: 'segment_altered', segment: name, expectedBytes: segment.size, foundBytes: size });
    if (size < segment.size) {
      const lostBytes = segment.size - size;
      segment.size = size;
      return { state: 'truncated', lostBytes };
    }
    ftruncateSync(fd, segment.size);
  }
  if (nlink > 0) return SOUND;
  onAlarm({ kind: 'segment_unlinked', segment: name });
  return { state: 'restored', oldFd: restore(segment, fd) };
};
