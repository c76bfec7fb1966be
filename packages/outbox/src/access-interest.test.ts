import { create } from '@bufbuild/protobuf';
import { createRouterTransport } from '@connectrpc/connect';
import { EventIntakeService, FindAccessScopesResponseSchema } from '@scaivault/contracts';
import type { ScopeId } from '@scaivault/tenancy';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type AccessInterest, createAccessInterest } from './access-interest.ts';

let now: number;
let answer: { scopes: string[]; everybody: boolean } | Error;
let failures: unknown[];
let interest: AccessInterest;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  now = 0;
  failures = [];
  answer = { scopes: [], everybody: false };
  const transport = createRouterTransport(({ rpc }) => {
    rpc(EventIntakeService.method.findAccessScopes, () => {
      if (answer instanceof Error) throw answer;
      return create(FindAccessScopesResponseSchema, answer);
    });
  });
  interest = createAccessInterest({ transport, nowMs: () => now, onFailure: (error) => failures.push(error) });
});
afterEach(() => {
  interest.stop();
  vi.useRealTimers();
});

const listened = (scope: string) => interest.isListened(scope as ScopeId);
/** Time passes bit by bit, so that each question is answered before the next one. */
const pass = async (ms: number): Promise<void> => {
  for (let gone = 0; gone < ms; gone += 500) {
    now += 500;
    await vi.advanceTimersByTimeAsync(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

it('knows from the start on who listens, and of changes within five seconds', async () => {
  answer = { scopes: ['t:tnt_a'], everybody: false };
  expect(listened('t:tnt_a')).toBe(false);
  await interest.start();
  expect([listened('t:tnt_a'), listened('t:tnt_b')]).toEqual([true, false]);
  answer = { scopes: ['t:tnt_b'], everybody: false };
  await pass(5_000);
  expect([listened('t:tnt_a'), listened('t:tnt_b')]).toEqual([false, true]);
});

it('takes everybody for a listener where they are too many to name', async () => {
  answer = { scopes: [], everybody: true };
  await interest.start();
  expect(listened('t:whoever')).toBe(true);
});

it('asks again soon as long as there was no answer', async () => {
  answer = new Error('away');
  await interest.start();
  answer = { scopes: ['t:tnt_a'], everybody: false };
  await pass(500);
  expect(listened('t:tnt_a')).toBe(true);
});

it('believes the last answer for a minute without another', async () => {
  answer = { scopes: ['t:tnt_a'], everybody: false };
  await interest.start();
  answer = new Error('away');
  await pass(59_000);
  expect(listened('t:tnt_a')).toBe(true);
  await pass(1_000);
  expect(listened('t:tnt_a')).toBe(false);
  expect(failures).not.toEqual([]);
});
