import { closeSync } from 'node:fs';
import type { AlarmSink } from './alarm.ts';
import { payloadAt, RecordType, timeMsAt } from './format.ts';
import type { Ledger } from './ledger.ts';
import { quarantine } from './quarantine.ts';
import { createBlockReader } from './read-block.ts';
import { openToRead, type Segment, segmentName } from './segment.ts';

interface CollectorOptions {
  readonly ledger: Ledger;
  readonly batchRecords: number;
  readonly batchBytes: number;
  readonly onAlarm: AlarmSink;
  /** Makes the active segment's file exist again, or gives it up. */
  readonly inspect: () => void;
}

export interface Collected {
  readonly records: Uint8Array[];
  /** How far each segment was read for this batch, and how many of its outcomes are in it. */
  readonly marks: Map<Segment, { to: number; outcomes: number }>;
  readonly oldestAtMs: number | undefined;
  readonly full: boolean;
}

export interface Collector {
  /** The next batch; the same one again until the ledger says that it was acknowledged. */
  collect(): Promise<Collected>;
  close(): void;
}

/** Reads outcomes from the segment files in order: one path for live traffic, backlog and replay after a crash. */
export const createCollector = (options: CollectorOptions): Collector => {
  const { ledger, onAlarm } = options;
  const reader = createBlockReader();
  let open: { segment: Segment; generation: number; fd: number } | undefined;

  const close = (): void => {
    if (open) closeSync(open.fd);
    open = undefined;
  };
  /** The descriptor to read a segment with, or undefined when its file is gone for good. */
  const fdOf = (segment: Segment): number | undefined => {
    if (open?.segment === segment && open.generation === segment.generation) return open.fd;
    close();
    if (!segment.closed) options.inspect();
    const fd = openToRead(segment);
    if (fd === undefined) {
      ledger.errors += 1;
      onAlarm({ kind: 'segment_lost', segment: segmentName(segment) });
    } else {
      open = { segment, generation: segment.generation, fd };
    }
    return fd;
  };

  const collect = async (): Promise<Collected> => {
    const records: Uint8Array[] = [];
    const marks: Collected['marks'] = new Map();
    let bytes = 0;
    let oldestAtMs: number | undefined;
    const done = (full: boolean): Collected => ({ records, marks, oldestAtMs, full });

    for (const segment of [...ledger.segments]) {
      if (segment.shippedTo >= segment.size) continue;
      const mark = { to: segment.shippedTo, outcomes: 0 };
      marks.set(segment, mark);
      while (mark.to < segment.size) {
        const fd = fdOf(segment);
        if (fd === undefined) {
          mark.to = segment.size;
          break;
        }
        const block = await reader.read({ fd, salt: segment.salt }, mark.to, segment.size);
        for (const entry of block.entries) {
          if (entry.type !== RecordType.intent) {
            const payload = payloadAt(block.bytes, entry.at, entry.length);
            const tooMuch = bytes + payload.length > options.batchBytes && records.length > 0;
            if (tooMuch || records.length >= options.batchRecords) return done(true);
            oldestAtMs ??= timeMsAt(block.bytes, entry.at);
            // Withdrawn intents are settled like outcomes and sent to nobody.
            if (payload.length > 0) records.push(payload);
            bytes += payload.length;
            mark.outcomes += 1;
          }
          mark.to = entry.offset + entry.length;
        }
        const { damage } = block;
        if (damage && damage.from >= segment.inspectedTo) {
          ledger.errors += 1;
          quarantine(segment, damage, onAlarm);
        }
        mark.to = block.next;
      }
    }
    return done(false);
  };

  return { collect, close };
};
