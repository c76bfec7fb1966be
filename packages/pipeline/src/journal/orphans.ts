import { closeSync, readSync } from 'node:fs';
import type { AlarmSink } from './alarm.ts';
import { payloadAt, recordLengthAt } from './format.ts';
import { forgetIntent, type Ledger, makeOrphan, type RunningIntent } from './ledger.ts';
import { quarantine } from './quarantine.ts';
import { openToRead, type Segment } from './segment.ts';
import type { Writer } from './writer.ts';

/** The payload of an intent as it stands in its segment, or undefined when it does not stand there any more. */
export const readIntent = (segment: Segment, offset: number, length: number): Uint8Array | undefined => {
  const fd = openToRead(segment);
  if (fd === undefined) return undefined;
  const bytes = Buffer.alloc(length);
  try {
    readSync(fd, bytes, 0, length, offset);
  } finally {
    closeSync(fd);
  }
  return recordLengthAt(bytes, 0, segment.salt) === length ? payloadAt(bytes, 0, length) : undefined;
};

interface OrphanOptions {
  readonly ledger: Ledger;
  readonly writer: Pick<Writer, 'outcome'>;
  readonly abandon: (intent: Uint8Array) => Uint8Array;
  readonly onAlarm: AlarmSink;
}

/**
 * Writes the outcome of intents that will get none from a handler (architecture 8: outcome `unknown`). What cannot be
 * turned into an outcome is quarantined. Intents whose outcome could not be written stay orphans; ask again later.
 */
export const settleOrphans = async ({ ledger, writer, abandon, onAlarm }: OrphanOptions): Promise<void> => {
  const makeOutcome = (intent: RunningIntent, segment: Segment): Uint8Array | undefined => {
    const payload = readIntent(segment, intent.offset, intent.length);
    try {
      return payload && abandon(payload);
    } catch {
      // An intent nobody understands ends in quarantine, which raises the alarm.
      return undefined;
    }
  };

  const settle = async (intent: RunningIntent): Promise<void> => {
    const { id, segment, offset, length } = intent;
    if (segment === undefined || intent.finishing || ledger.running.get(id) !== intent) return;
    const outcome = makeOutcome(intent, segment);
    if (outcome) return writer.outcome(id, outcome, 'housekeeping');
    forgetIntent(ledger, intent);
    ledger.errors += 1;
    quarantine(segment, { from: offset, to: offset + length }, onAlarm);
  };

  const settleOrKeep = async (intent: RunningIntent): Promise<void> => {
    try {
      await settle(intent);
    } catch {
      // The failed write or read was counted and alarmed where it happened; the intent waits for the next round.
      if (!ledger.orphans.includes(intent)) makeOrphan(ledger, intent);
    }
  };

  await Promise.all(ledger.orphans.splice(0).map(settleOrKeep));
};
