import type { ProcessHealth } from '@scaivault/pipeline';

export type PartStatus = 'ok' | 'degraded' | 'error';

interface Timed {
  readonly status: PartStatus;
  /** Null when nothing was answered. */
  readonly latencyMs: number | null;
}

export interface DetailedHealth {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly database: Timed & { readonly poolSize: number; readonly poolAvailable: number };
  /** Undefined where no Redis is used. */
  readonly redis: (Timed & { readonly memoryUsedMb: number | null }) | undefined;
  readonly encryption: { readonly status: PartStatus };
  /** Undefined without an object store of its own. */
  readonly objectStore: Timed | undefined;
  readonly audit: { readonly status: PartStatus; readonly journalBacklog: number };
}

export interface HealthParts extends ProcessHealth {
  readonly database: {
    ping(): Promise<void>;
    poolStats(): { readonly size: number; readonly available: number };
  };
  readonly encryption: () => Promise<void>;
  readonly objectStore: (() => Promise<void>) | undefined;
}

/** Each part has this long, as in the readiness report. */
const longestMs = 2_000;
/** A trail that lags further behind is worth a look. */
const lateAfterMs = 60_000;
const megabyte = 1_048_576;

/** The answer with the time it took, or what stands for none. */
const timed = async <Answer>(
  ask: () => Promise<Answer>,
  without: PartStatus,
): Promise<Timed & { readonly answer: Answer | undefined }> => {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), longestMs);
  });
  try {
    const answer = await Promise.race([ask(), late]);
    return { status: 'ok', latencyMs: Math.round(performance.now() - startedAt), answer };
  } catch {
    // Why is for the log of that part; a report names no address and no credential.
    return { status: without, latencyMs: null, answer: undefined };
  } finally {
    clearTimeout(timer);
  }
};

const auditHealth = ({ backlogRecords, oldestMs, isWritable }: ReturnType<ProcessHealth['journal']>) => {
  const status: PartStatus = oldestMs > lateAfterMs ? 'degraded' : 'ok';
  return { status: isWritable ? status : ('error' as const), journalBacklog: backlogRecords };
};

const overall = (statuses: readonly PartStatus[]): DetailedHealth['status'] => {
  if (statuses.includes('error')) return 'unhealthy';
  return statuses.includes('degraded') ? 'degraded' : 'healthy';
};

/** Asks all parts at once. Requests work without Redis, and those of small values without the object store. */
export const createReadHealth = (parts: HealthParts) => async (): Promise<DetailedHealth> => {
  const { redis: askRedis, objectStore: askObjects } = parts;
  const [database, redis, encryption, objectStore] = await Promise.all([
    timed(parts.database.ping, 'error'),
    askRedis && timed(askRedis, 'degraded'),
    timed(parts.encryption, 'error'),
    askObjects && timed(askObjects, 'degraded'),
  ]);
  const audit = auditHealth(parts.journal());
  const { size, available } = parts.database.poolStats();
  const all = [database, redis, encryption, objectStore, audit].filter((part) => part !== undefined);
  return {
    status: overall(all.map(({ status }) => status)),
    database: { ...database, poolSize: size, poolAvailable: available },
    redis: redis && {
      ...redis,
      memoryUsedMb: redis.answer === undefined ? null : Math.round(redis.answer.memoryUsedBytes / megabyte),
    },
    encryption,
    objectStore,
    audit,
  };
};
