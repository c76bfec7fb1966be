import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithComponent } from '@scaivault/testkit/component';
import { findRedis, type TestRedis } from '@scaivault/testkit/redis';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';

const perMinute = 900;
const lastsMs = 10_000;
const processes = 3;
const tolerance = 0.05;

type Test = Pick<TestContext, 'onTestFinished'>;

const startChild = async (test: Test, redis: TestRedis, prefix: string) => {
  const file = `${import.meta.dirname}/share-child.ts`;
  const child: ChildProcess = spawn(process.execPath, [file, redis.url, prefix, String(perMinute), String(lastsMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  test.onTestFinished(() => void child.kill('SIGKILL'));
  const reader = createInterface({ input: child.stdout! });
  const [first] = (await once(reader, 'line')) as [string];
  if (first !== 'ready') throw new Error(`The child printed ${first}.`);
  const last = once(reader, 'line').then(([line]) => Number(String(line).replace('granted ', '')));
  return { begin: () => void child.stdin?.write('go\n'), granted: last };
};

/** Lets all processes ask at once for ten seconds; how many units they got together, and how long that took. */
const share = async (test: Test, redis: TestRedis, prefix: string, meanwhile: () => Promise<void>) => {
  const children = await Promise.all(Array.from({ length: processes }, () => startChild(test, redis, prefix)));
  const startedAt = performance.now();
  for (const child of children) child.begin();
  await meanwhile();
  const granted = await Promise.all(children.map((child) => child.granted));
  return { granted, total: granted.reduce((sum, units) => sum + units, 0), ms: performance.now() - startedAt };
};

/** Capacity and what refilled meanwhile; what lies between is what the last process to end had more. */
const expectBudget = ({ total, ms }: { readonly total: number; readonly ms: number }): void => {
  const budgetIn = (milliseconds: number): number => perMinute + (perMinute * milliseconds) / 60_000;
  expect(total).toBeLessThanOrEqual(budgetIn(ms) * (1 + tolerance));
  expect(total).toBeGreaterThanOrEqual(budgetIn(lastsMs) * (1 - tolerance));
};

describeWithComponent(findRedis(), (start) => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await start();
  });
  afterAll(() => redis?.[Symbol.asyncDispose]());

  // Both at once, for they do little but wait.
  it.concurrent('admits with three processes what one alone would admit', { timeout: 60_000 }, async (test) => {
    const shared = await share(test, redis, `${redis.prefix}three:`, async () => {});
    expectBudget(shared);
    for (const units of shared.granted) expect(units).toBeGreaterThan(0);
  });

  it.concurrent('admits no more because Redis loses everything again and again', { timeout: 60_000 }, async (test) => {
    const client = new Redis(redis.url);
    test.onTestFinished(() => client.disconnect());
    const prefix = `${redis.prefix}flushed:`;
    let lost = 0;
    const shared = await share(test, redis, prefix, async () => {
      // While there are units left, and when all have gone.
      for (let loss = 0; loss < 9; loss += 1) {
        await sleep(950);
        lost += await client.del(`${prefix}rate:key`);
      }
    });
    // It may not have been there each time: a bucket that owes is not spoken of.
    expect(lost).toBeGreaterThanOrEqual(4);
    expectBudget(shared);
  });
});
