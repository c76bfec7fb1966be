/**
 * One process of several that share a budget: asks for a unit every few milliseconds and prints a line for each round of
 * that, with the units granted so far. Parameters: Redis address, key prefix, units per minute, milliseconds to go on.
 */
import { writeSync } from 'node:fs';
import { openRedisLedger } from '../../src/limit/shared/redis-ledger.ts';
import { createSharedBuckets } from '../../src/limit/shared/shared-buckets.ts';

const askEveryMs = 5;
const asksAtOnce = 2;

const [url = '', prefix = '', perMinute = '', lastsMs = ''] = process.argv.slice(2);
const buckets = createSharedBuckets({
  ledger: openRedisLedger({ url, prefix }),
  nowMs: Date.now,
  onLoss: 'local',
  onLost: () => {},
  onFound: () => {},
  onRound: () => {},
});
await buckets.start();
writeSync(1, 'ready\n');
// All begin at the same word.
await new Promise((resolve) => process.stdin.once('data', resolve));

let granted = 0;
const until = performance.now() + Number(lastsMs);
while (performance.now() < until) {
  for (let ask = 0; ask < asksAtOnce; ask += 1) if (buckets.take('key', Number(perMinute))?.granted) granted += 1;
  await new Promise((resolve) => setTimeout(resolve, askEveryMs));
}
writeSync(1, `granted ${granted}\n`);
process.exit(0);
