import { storeUnavailable } from './store-unavailable.ts';

export interface RunningCalls {
  /** Starts `call` and answers as it does; after `close` 503 `service_unavailable`. What `call` throws is a rejection. */
  run<Result>(call: () => Promise<Result>): Promise<Result>;
  /** Takes no call any more and resolves when those already taken are done. */
  close(): Promise<void>;
}

/** Knows which calls of a store are under way, so that closing it cuts none of them off. */
export const createRunningCalls = (): RunningCalls => {
  const running = new Set<Promise<unknown>>();
  let isClosed = false;
  return {
    async run(call) {
      if (isClosed) throw storeUnavailable(new Error('The object store was closed.'));
      const result = call();
      running.add(result);
      try {
        return await result;
      } finally {
        running.delete(result);
      }
    },
    async close() {
      isClosed = true;
      await Promise.allSettled(running);
    },
  };
};
