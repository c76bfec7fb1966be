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
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
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
const pass = async (ms: number): Promise<void> => {
  now += ms;
  await vi.advanceTimersByTimeAsync(ms);
  await new Promise((resolve) => setTimeout(resolve, 20));
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

it('believes the last answer for a minute without another, and starts without any', async () => {
  answer = { scopes: ['t:tnt_a'], everybody: false };
  await interest.start();
  answer = new Error('away');
  await pass(59_000);
  expect(listened('t:tnt_a')).toBe(true);
  await pass(1_000);
  expect(listened('t:tnt_a')).toBe(false);
  expect(failures).not.toEqual([]);
});
