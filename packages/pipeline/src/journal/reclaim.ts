import { rename, unlink } from 'node:fs/promises';
import { type AlarmSink, errnoOf } from './alarm.ts';
import { dropSegment, type Ledger, type RunningIntent } from './ledger.ts';
import { readIntent } from './orphans.ts';
import { type Segment, segmentName } from './segment.ts';
import type { Writer } from './writer.ts';

interface ReclaimOptions {
  readonly ledger: Ledger;
  readonly writer: Pick<Writer, 'repeatIntent' | 'observeSize'>;
  readonly onAlarm: AlarmSink;
}

const isShipped = (segment: Segment): boolean => segment.closed && segment.shippedTo >= segment.size;

/** Writes a running intent once more into the current segment, so that its old segment need not be kept for it. */
const carryForward = async (
  intent: RunningIntent,
  segment: Segment,
  { writer, ledger }: ReclaimOptions,
): Promise<void> => {
  const payload = readIntent(segment, intent.offset, intent.length);
  // Damaged on disk: nothing is left to carry, and whether it finishes is still up to its handler.
  if (!payload) return;
  const copy = await writer.repeatIntent(intent.id, payload);
  if (ledger.running.get(intent.id) !== intent) return;
  intent.segment = copy.segment;
  intent.offset = copy.offset;
};

/** True when no running request needs the segment any more. */
const release = async (segment: Segment, options: ReclaimOptions): Promise<boolean> => {
  const pinned = [...options.ledger.running.values()].filter((intent) => intent.segment === segment);
  if (pinned.some((intent) => intent.finishing)) return false;
  await Promise.all(pinned.map((intent) => carryForward(intent, segment, options)));
  return true;
};

const remove = async (segment: Segment): Promise<void> => {
  try {
    await (segment.keep ? rename(segment.path, `${segment.path}.quarantine`) : unlink(segment.path));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
};

/**
 * Deletes closed segments whose outcomes were all acknowledged, oldest first: an intent is then never left behind alone
 * by the deletion of a later segment with its outcome. Only when a running intent cannot be carried forward (full disk)
 * its segment is stepped over, because deleting the next one is what makes room.
 */
export const reclaim = async (options: ReclaimOptions): Promise<void> => {
  const { ledger } = options;
  for (const segment of ledger.segments.filter(isShipped)) {
    try {
      if (!(await release(segment, options))) continue;
      await remove(segment);
      dropSegment(ledger, segment);
    } catch (error) {
      ledger.errors += 1;
      options.onAlarm({ kind: 'delete_failed', errno: errnoOf(error), segment: segmentName(segment) });
    }
  }
  options.writer.observeSize();
};
