/** What a check rejects with when its dependency is away and requests work without it, if not as well. */
export class DegradedError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'DegradedError';
  }
}

export interface ReadinessReport {
  /** True when nothing has failed; what is degraded does its work. */
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, 'ok' | 'degraded' | 'error'>>;
  readonly errors: Readonly<Record<string, string>>;
}

type CheckState = ReadinessReport['checks'][string];

const stateOf = (result: PromiseSettledResult<void> | undefined): CheckState => {
  if (result?.status !== 'rejected') return 'ok';
  return result.reason instanceof DegradedError ? 'degraded' : 'error';
};

const within = (milliseconds: number, check: () => Promise<void>): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer in time')), milliseconds);
    check()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });

/**
 * Asks all checks at once, each at most 2 s, and reuses the report for 1 s (rest-api-core 12). Reasons are our own short
 * words, so that no address or credential of a dependency gets out.
 */
export const createReadiness = (
  checks: Readonly<Record<string, () => Promise<void>>>,
): (() => Promise<ReadinessReport>) => {
  let latest: Promise<ReadinessReport> | undefined;
  let askedAt = 0;
  const ask = async (): Promise<ReadinessReport> => {
    const names = Object.keys(checks);
    const results = await Promise.allSettled(
      names.map((name) => within(2000, checks[name] ?? (() => Promise.resolve()))),
    );
    const states = names.map((_, index) => stateOf(results[index]));
    const failed = names.filter((_, index) => states[index] === 'error');
    return {
      ready: failed.length === 0,
      checks: Object.fromEntries(names.map((name, index) => [name, states[index] ?? 'ok'])),
      errors: Object.fromEntries(failed.map((name) => [name, 'not available'])),
    };
  };
  return () => {
    const now = performance.now();
    if (latest === undefined || now - askedAt > 1000) {
      askedAt = now;
      latest = ask();
    }
    return latest;
  };
};
