import { LRUCache } from 'lru-cache';
import { atMost } from '../../at-most.ts';
import type { BucketReport, SettledBucket } from './ledger.ts';

interface Kept {
  readonly perMinute: number;
  readonly level: number;
  readonly atMs: number;
}

export interface MemoryLedgerOptions {
  /** Of a clock that is never set. */
  readonly nowMs: () => number;
  /** Buckets kept at most; the one not heard of for longest begins again at its next reporter's level. */
  readonly max?: number;
}

/**
 * The ledger of processes of one machine, in the one that started them. It lives as long as they do, so all of its
 * buckets have one life; a worker that comes anew, and knows none, can only lower a level (ledger.ts).
 */
export const createMemoryLedger = ({ nowMs, max = 100_000 }: MemoryLedgerOptions) => {
  const buckets = new LRUCache<string, Kept>(atMost(max));
  const life = 'primary';

  const settleOne = ({ key, perMinute, spent, level: reported, life: known }: BucketReport): SettledBucket => {
    const kept = buckets.get(key);
    const atMs = nowMs();
    let level = reported;
    if (kept !== undefined) {
      const entered = Math.min(perMinute, kept.level + ((atMs - kept.atMs) * perMinute) / 60_000) - spent;
      level = known === life ? entered : Math.min(entered, reported);
    }
    level = Math.max(-perMinute, Math.min(perMinute, level));
    buckets.set(key, { perMinute, level, atMs });
    return { level, life };
  };

  return { settle: (reports: readonly BucketReport[]): readonly SettledBucket[] => reports.map(settleOne) };
};
