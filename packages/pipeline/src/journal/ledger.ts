import type { Segment } from './segment.ts';

/** An intent whose outcome is not safe yet, and where its record stands. */
export interface RunningIntent {
  readonly id: string;
  /** Undefined until its batch was written. */
  segment: Segment | undefined;
  offset: number;
  readonly length: number;
  /** Its outcome was handed in and is on its way to the disk. */
  finishing: boolean;
}

/** What one journal knows in memory: its files, and one small entry per request that is running. */
export interface Ledger {
  /** Oldest first; the last one may be open for appending. */
  readonly segments: Segment[];
  readonly running: Map<string, RunningIntent>;
  /** Intents that will get no outcome from their handler; the journal writes one itself. */
  readonly orphans: RunningIntent[];
  /** Bytes of all segment files. */
  bytes: number;
  /** Outcomes ever written here, and outcomes acknowledged or lost; their difference is the backlog. */
  outcomes: number;
  settled: number;
  /** When the oldest outcome of the backlog was written, as far as known. */
  oldestAtMs: number | undefined;
  errors: number;
}

export const createLedger = (): Ledger => ({
  segments: [],
  running: new Map(),
  orphans: [],
  bytes: 0,
  outcomes: 0,
  settled: 0,
  oldestAtMs: undefined,
  errors: 0,
});

/** The handler's outcome cannot be kept: from here on the intent belongs to the journal. */
export const makeOrphan = (ledger: Ledger, intent: RunningIntent): void => {
  if (ledger.running.get(intent.id) !== intent) return;
  intent.finishing = false;
  ledger.orphans.push(intent);
};

export const forgetIntent = (ledger: Ledger, intent: RunningIntent): void => {
  if (ledger.running.get(intent.id) === intent) ledger.running.delete(intent.id);
};

/** Takes a deleted or vanished segment out of the books; what it still held is counted as settled. */
export const dropSegment = (ledger: Ledger, segment: Segment): void => {
  const index = ledger.segments.indexOf(segment);
  if (index < 0) return;
  ledger.segments.splice(index, 1);
  ledger.bytes -= segment.size;
  ledger.settled += segment.outcomes - segment.acknowledged;
};
