import { flushCompileCache } from 'node:module';
import type { ScopeId } from '@scaivault/tenancy';
import { createReplica } from '../../src/replica/replica.ts';
import { type Decision, leaseMs, nowMicros, post, readAnswer, writeFollow } from './wire.ts';

/** A process that serves: decides every few milliseconds by what it has cached of the owner's rules. */
const keys = process.argv.slice(2);
let ports: readonly number[] = [];
let decisions: Decision[] = [];
let fetches = 0;
let turn = 0;

/** Any process of the owner will do, another one each time. */
const ask = async (path: string, body: unknown, timeoutMs: number): Promise<unknown> => {
  turn += 1;
  return await post(ports[turn % ports.length] ?? 0, path, body, timeoutMs);
};

const replica = createReplica<{ readonly version: number }>({
  name: 'rules',
  max: 1_000,
  maxStalenessMs: leaseMs,
  onFailure: () => {},
  scopesOf: (key) => [key as ScopeId],
  fetch: async (key) => {
    fetches += 1;
    return (await ask('/read', key, 2 * leaseMs)) as { version: number };
  },
  follow: async (request, timeoutMs) =>
    readAnswer((await ask('/follow', writeFollow(request), timeoutMs)) as Parameters<typeof readAnswer>[0]),
});

const decide = async (key: string): Promise<void> => {
  const startedAt = nowMicros();
  try {
    const { version } = await replica.get(key);
    decisions.push({ startedAt, key, version });
  } catch {
    decisions.push({ startedAt, key, version: null });
  }
};

process.on('message', (message: { ports?: readonly number[]; begin?: true }) => {
  if (message.ports !== undefined) ports = message.ports;
  if (message.begin === true) {
    void replica.start().then(() => {
      setInterval(() => void decide(keys[Math.floor(Math.random() * keys.length)] ?? ''), 2);
      process.send?.({ begun: true });
    });
  }
  if (message.ports === undefined && message.begin === undefined) {
    process.send?.({ decisions, fetches });
    decisions = [];
  }
});
process.once('disconnect', () => process.exit());
// It will be killed; what it has compiled is for those who start after it.
flushCompileCache();
