import { close, closeSync, fdatasync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Batch } from './batch.ts';
import { type Segment, syncDirectory } from './segment.ts';

const fdatasyncAsync = promisify(fdatasync);

export interface GroupSync {
  /** A written batch that waits for the disk. */
  add(batch: Batch): void;
  /** A segment nobody appends to any more: its file is closed after the syncs that wait for it. */
  retire(segment: Segment): void;
  /** A descriptor replaced by another one; closed when no sync can be using it. */
  discard(fd: number): void;
  idle(): Promise<void>;
}

interface GroupSyncOptions {
  readonly onDurable: (batch: Batch) => void;
  readonly onFailed: (segment: Segment, batches: readonly Batch[], error: unknown) => void;
}

/** For a file whose bytes were copied and synced elsewhere: closing it can lose nothing. */
const ignoreResult = (): void => {};

const syncSegment = async (segment: Segment): Promise<void> => {
  if (segment.fd === undefined) return;
  await fdatasyncAsync(segment.fd);
  if (segment.entrySynced) return;
  syncDirectory(dirname(segment.path));
  segment.entrySynced = true;
};

/** Group commit: whatever was written while one fdatasync ran shares the next one. */
export const createGroupSync = ({ onDurable, onFailed }: GroupSyncOptions): GroupSync => {
  let batches: Batch[] = [];
  let retired: Segment[] = [];
  let discarded: number[] = [];
  let running: Promise<void> | undefined;

  const syncOnce = async (): Promise<void> => {
    const waiting = batches;
    const closing = retired;
    const unused = discarded;
    batches = [];
    retired = [];
    discarded = [];
    const touched = new Set<Segment>();
    for (const { segment } of waiting) if (segment) touched.add(segment);
    for (const segment of touched) {
      const concerned = waiting.filter((batch) => batch.segment === segment);
      try {
        await syncSegment(segment);
        for (const batch of concerned) onDurable(batch);
      } catch (error) {
        onFailed(segment, concerned, error);
      }
    }
    for (const segment of closing) {
      try {
        if (segment.fd !== undefined) closeSync(segment.fd);
      } catch (error) {
        onFailed(segment, [], error);
      }
      segment.fd = undefined;
    }
    for (const fd of unused) close(fd, ignoreResult);
  };

  const run = async (): Promise<void> => {
    while (batches.length + retired.length + discarded.length > 0) await syncOnce();
    running = undefined;
  };
  const start = (): void => {
    running ??= Promise.resolve().then(run);
  };

  return {
    add: (batch) => {
      batches.push(batch);
      start();
    },
    retire: (segment) => {
      retired.push(segment);
      start();
    },
    discard: (fd) => {
      discarded.push(fd);
      start();
    },
    idle: async () => {
      while (running) await running;
    },
  };
};
