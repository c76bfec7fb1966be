import autocannon from 'autocannon';

export interface LoadOrder {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly non2xx: number;
}

// The load generator, in a process of its own so that it takes no time from what it measures.
process.on('message', (order: LoadOrder) => {
  autocannon({
    url: order.url,
    headers: { ...order.headers },
    connections: order.connections,
    duration: order.seconds,
  }).then(
    (result) => {
      const answer: LoadResult = {
        requests: result.requests.total,
        perSecond: result.requests.total / result.duration,
        p50Ms: result.latency.p50,
        p99Ms: result.latency.p99,
        non2xx: result.non2xx + result.errors,
      };
      process.send?.(answer);
    },
    () => process.exit(1),
  );
});
process.once('disconnect', () => process.exit(0));
