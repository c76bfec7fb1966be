import { ftruncateSync, mkdirSync } from 'node:fs';
import type { AlarmSink } from './alarm.ts';
import { guardSegment } from './file-guard.ts';
import { HEADER_BYTES } from './format.ts';
import type { GroupSync } from './group-sync.ts';
import type { Ledger } from './ledger.ts';
import { createSegment, type Segment } from './segment.ts';
import { writeFully } from './write-fully.ts';

interface OpenSegment {
  readonly segment: Segment;
  readonly fd: number;
}

export interface ActiveSegment {
  /** Appends bytes in one write; after a failure the file ends where it ended before. Throws what the system threw. */
  write(bytes: Buffer, length: number): Segment;
  /** The file in use, or undefined before the first write. */
  readonly current: Segment | undefined;
  /** Looks after the file without writing to it. */
  inspect(): void;
  /** Nothing more goes into the current file; the next write begins a new one. */
  retire(): void;
  /** Takes back more room than a batch needs, to learn whether the disk has any. */
  probe(): void;
}

interface ActiveSegmentOptions {
  readonly directory: string;
  readonly salt: number;
  readonly firstNumber: number;
  readonly segmentBytes: number;
  readonly ledger: Ledger;
  readonly sync: GroupSync;
  readonly onAlarm: AlarmSink;
  /** Makes sure that the directory's lock is still ours after the directory was made anew; throws when it is not. */
  readonly relock: () => void;
}

const PROBE_BYTES = 64 * 1024;

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** The segment file being appended to: opened when first needed, guarded before each write, replaced when full or broken. */
export const createActiveSegment = (options: ActiveSegmentOptions): ActiveSegment => {
  const { directory, ledger, sync } = options;
  let current: Segment | undefined;
  let nextNumber = options.firstNumber;

  const withDirectory = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      if (!isMissing(error)) throw error;
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      options.relock();
      return act();
    }
  };

  const retire = (): void => {
    if (!current) return;
    current.closed = true;
    sync.retire(current);
    current = undefined;
  };

  const open = (): OpenSegment => {
    const segment = withDirectory(() => createSegment(directory, nextNumber, options.salt));
    nextNumber += 1;
    ledger.segments.push(segment);
    ledger.bytes += segment.size;
    current = segment;
    return { segment, fd: Number(segment.fd) };
  };

  /** The current file when it is sound, repaired if need be. */
  const sound = (): OpenSegment | undefined => {
    const segment = current;
    if (segment?.fd === undefined) return undefined;
    const fd = segment.fd;
    const verdict = withDirectory(() => guardSegment(segment, fd, options.onAlarm));
    if (verdict.state === 'truncated') {
      ledger.bytes -= verdict.lostBytes;
      ledger.errors += 1;
      retire();
      return undefined;
    }
    if (verdict.state === 'restored') {
      ledger.errors += 1;
      sync.discard(verdict.oldFd);
    }
    return { segment, fd: segment.fd };
  };

  /** Appends at the end and, if that fails, cuts off what arrived of it; a file that cannot be cut is given up. */
  const append = ({ segment, fd }: OpenSegment, bytes: Buffer, length: number): void => {
    try {
      writeFully(fd, bytes, length, segment.size);
    } catch (error) {
      try {
        ftruncateSync(fd, segment.size);
      } catch {
        // The write's own error is the one to report; readers stop at the size we keep in memory, and after a crash
        // the unreadable rest is quarantined.
        retire();
      }
      throw error;
    }
  };

  const place = (length: number): OpenSegment => {
    const file = sound();
    if (!file) return open();
    if (file.segment.size <= HEADER_BYTES || file.segment.size + length <= options.segmentBytes) return file;
    retire();
    return open();
  };

  return {
    get current() {
      return current;
    },
    write: (bytes, length) => {
      const file = place(length);
      append(file, bytes, length);
      file.segment.size += length;
      ledger.bytes += length;
      return file.segment;
    },
    inspect: () => {
      sound();
    },
    retire,
    probe: () => {
      const file = sound() ?? open();
      append(file, Buffer.alloc(PROBE_BYTES), PROBE_BYTES);
      ftruncateSync(file.fd, file.segment.size);
    },
  };
};
