import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ScopeId } from '@scaivault/tenancy';
import { expect, it } from 'vitest';
import { createReplica } from '../../src/replica/replica.ts';
import { createRevisionFeed } from '../../src/replica/revision-feed.ts';

const tenants = 100_000;
const kept = 1_000;
const valueBytes = 2_000;

const collectGarbage = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
};

it('keeps a bounded number of tenants in memory, however many are touched and changed, on both sides', async () => {
  const feed = createRevisionFeed({ leaseMs: 60_000 });
  const replica = createReplica<{ readonly text: string }>({
    name: 'rules',
    max: kept,
    maxStalenessMs: 60_000,
    onFailure: () => {},
    scopesOf: (key) => [key as ScopeId, `p:${key}` as ScopeId],
    fetch: async (key) => ({ text: Buffer.alloc(valueBytes, key).toString('latin1') }),
    follow: (request) => feed.follow(request),
  });
  await replica.start();
  const before = collectGarbage();
  for (let i = 0; i < tenants; i++) {
    await replica.get(`t:${i}`);
    if (i % 2 === 0) await feed.publish([`t:${i}` as ScopeId]);
  }
  const grown = collectGarbage() - before;
  // All of them would be 200 MB and more; a thousand values and twenty thousand remembered scopes are some megabytes.
  expect(grown).toBeLessThan(kept * valueBytes * 2 + 10_000_000);
  expect(replica.get(`t:${tenants - 1}`)).not.toBeInstanceOf(Promise);
  const droppedLongAgo = replica.get('t:1');
  expect(droppedLongAgo).toBeInstanceOf(Promise);
  await droppedLongAgo;
  await replica.stop();
  await feed.close();
}, 60_000);
