import { VaultError } from '@scaivault/errors';
import { type Bucket, createTokenBuckets, type TokenBuckets } from '../token-buckets.ts';
import type { BucketReport, SettledBucket, SharedLedger } from './ledger.ts';

export interface SharedBuckets extends TokenBuckets {
  /** Begins the rounds; resolves with the first answer of the ledger, or without one after two seconds. */
  start(): Promise<void>;
  /** True while the ledger answers. */
  isShared(): boolean;
  stop(): void;
}

export interface SharedBucketsOptions {
  readonly ledger: SharedLedger;
  readonly nowMs: () => number;
  /** RATE_LIMIT_ON_REDIS_LOSS: count alone, or refuse with 503 `service_unavailable`. */
  readonly onLoss: 'local' | 'refuse';
  /** Told once when the ledger is lost, and once when it is back. */
  readonly onLost: (error: unknown) => void;
  readonly onFound: () => void;
  /** Seconds that a round took. */
  readonly onRound: (seconds: number) => void;
  readonly max?: number;
}

const roundMs = 100;
/** Between two rounds there is this much, however much is to be said. */
const leastPauseMs = 10;
const idleMs = 1_000;
const longestStartMs = 2_000;
/** Buckets in one round; the rest goes with the next. */
const roundKeys = 256;

/** What a process knows of a bucket's life in the ledger. */
interface Account {
  /** Units taken here and not reported yet. */
  spent: number;
  life: string;
  heardAt: number;
  /** Accounts from before the ledger was lost are void. */
  era: number;
}

/**
 * Buckets that processes share: each decides at once and by its own figures, and every 100 ms they add up in the ledger
 * what they have taken. A bucket not heard of for a second, or of which much was just spent, is reported at once. What
 * several processes have granted too much meanwhile is owed: the bucket is below zero and is refilled from there, so that
 * over any longer time the budget holds. Without the ledger each process counts alone (rest-api-core 13.2).
 */
export const createSharedBuckets = (options: SharedBucketsOptions): SharedBuckets => {
  const accounts = new WeakMap<Bucket, Account>();
  const unreported = new Map<string, Bucket>();
  let era = 0;
  let isLost = true;
  let wasToldOfLoss = false;
  let lastAnswerAt = Number.NEGATIVE_INFINITY;
  /** Connecting takes its time; until then nothing is lost. */
  let tellFrom = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let isUnderWay = false;
  let isHurried = false;
  let isStopped = false;
  let onFirstAnswer = (): void => {};

  const accountOf = (bucket: Bucket): Account => {
    let account = accounts.get(bucket);
    if (account === undefined || account.era !== era) {
      account = { spent: 0, life: '', heardAt: Number.NEGATIVE_INFINITY, era };
      accounts.set(bucket, account);
    }
    return account;
  };

  const note = (key: string, bucket: Bucket, units: number): void => {
    if (isLost) return;
    const account = accountOf(bucket);
    account.spent += units;
    unreported.set(key, bucket);
    if (account.spent * 8 > bucket.units || performance.now() - account.heardAt > idleMs) hurry();
  };

  const hurry = (): void => {
    if (isHurried || isStopped) return;
    isHurried = true;
    if (!isUnderWay) schedule(leastPauseMs);
  };

  const schedule = (ms: number): void => {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(() => void round(), ms).unref();
  };

  const nextReports = (): { readonly buckets: readonly Bucket[]; readonly reports: readonly BucketReport[] } => {
    const [buckets, reports]: [Bucket[], BucketReport[]] = [[], []];
    for (const [key, bucket] of unreported) {
      if (reports.length === roundKeys) break;
      unreported.delete(key);
      const account = accountOf(bucket);
      const { perMinute, units: level } = bucket;
      buckets.push(bucket);
      reports.push({ key, perMinute, spent: account.spent, level, life: account.life });
      account.spent = 0;
    }
    return { buckets, reports };
  };

  const takeIn = (buckets: readonly Bucket[], settled: readonly SettledBucket[]): void => {
    for (const [index, bucket] of buckets.entries()) {
      const { level, life } = settled[index] ?? {};
      if (level === undefined || life === undefined) continue;
      const account = accountOf(bucket);
      bucket.units = level - account.spent;
      bucket.at = options.nowMs();
      account.life = life;
      account.heardAt = performance.now();
    }
  };

  const settle = async (): Promise<void> => {
    const { buckets, reports } = nextReports();
    const startedAt = performance.now();
    takeIn(buckets, await options.ledger.settle(reports));
    lastAnswerAt = performance.now();
    options.onRound((lastAnswerAt - startedAt) / 1000);
    if (isLost && wasToldOfLoss) options.onFound();
    isLost = false;
    wasToldOfLoss = false;
    tellFrom = 0;
    onFirstAnswer();
  };

  /** Whether the last report was entered nobody knows; from here on this process says only where its buckets stand. */
  const lose = (error: unknown): void => {
    era += 1;
    isLost = true;
    unreported.clear();
    if (wasToldOfLoss || performance.now() < tellFrom) return;
    wasToldOfLoss = true;
    options.onLost(error);
  };

  const round = async (): Promise<void> => {
    isUnderWay = true;
    isHurried = false;
    try {
      if (unreported.size > 0 || isLost || performance.now() - lastAnswerAt > idleMs) await settle();
    } catch (error) {
      if (!isStopped) lose(error);
    } finally {
      isUnderWay = false;
      schedule(isHurried || unreported.size >= roundKeys ? leastPauseMs : roundMs);
    }
  };

  const local = createTokenBuckets({
    nowMs: options.nowMs,
    onChange: note,
    ...(options.max === undefined ? {} : { max: options.max }),
  });

  return {
    take: (key, perMinute, units) => {
      if (isLost && options.onLoss === 'refuse' && perMinute !== 0)
        throw new VaultError('service_unavailable', 'Requests cannot be counted at the moment. Try again.', {
          retryAfterSeconds: 1,
        });
      return local.take(key, perMinute, units);
    },
    giveBack: local.giveBack,
    isShared: () => !isLost,
    start: () =>
      new Promise((resolve) => {
        tellFrom = performance.now() + longestStartMs;
        const late = setTimeout(resolve, longestStartMs);
        onFirstAnswer = () => {
          clearTimeout(late);
          resolve();
        };
        schedule(leastPauseMs);
      }),
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      options.ledger.close();
    },
  };
};
