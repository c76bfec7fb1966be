import { randomBytes } from 'node:crypto';
import type { Component } from './component.ts';
import { findProgram } from './find-program.ts';
import { startRedisServer } from './start-redis-server.ts';

export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  /** Of this start alone, so that tests can share a server. */
  readonly prefix: string;
  /** Outages of the server; left out where it is not ours. */
  readonly outage?: {
    begin(): Promise<void>;
    /** It is back, with nothing in it. */
    end(): Promise<void>;
    freeze(): void;
    thaw(): void;
  };
}

const program = 'redis-server';

const newPrefix = (): string => `test:${randomBytes(6).toString('hex')}:`;

const startOwn = async (path: string): Promise<TestRedis> => {
  const server = await startRedisServer(path);
  return {
    url: `redis://127.0.0.1:${server.port}`,
    prefix: newPrefix(),
    outage: { begin: server.stop, end: server.start, freeze: server.freeze, thaw: server.thaw },
    [Symbol.asyncDispose]: server.remove,
  };
};

/** The Redis of the tests: the one TEST_REDIS_URL names, or a redis-server of its own for each start. */
export const findRedis = (): Component<TestRedis> => {
  const { TEST_REDIS_URL: given = '' } = process.env;
  const name = 'Redis';
  // What tests leave there expires within minutes.
  if (given !== '')
    return {
      name,
      start: async () => ({ url: given, prefix: newPrefix(), [Symbol.asyncDispose]: () => Promise.resolve() }),
    };
  const path = findProgram(program);
  return path === undefined
    ? { name, missing: `no ${program} on this machine; .ci/run shows how to get it, or name one in TEST_REDIS_URL.` }
    : { name, start: () => startOwn(path) };
};
