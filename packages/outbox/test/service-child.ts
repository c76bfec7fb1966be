import { flushCompileCache } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { addEvents } from '../src/add-events.ts';
import { createOutboxTable } from '../src/outbox-table.ts';
import { startRelay } from '../src/start-relay.ts';
import { expiry, openService, scopeA } from './service.ts';

// A process of a service under load: changes counters, tells of each change, and relays, until it is killed.
const [url = '', resources = '1'] = process.argv.slice(2);
const db = openService(url);
const receiver = openService(url, 1);

startRelay({
  db,
  table: createOutboxTable(db),
  ship: async (events) => {
    // One commit each, so that a kill can fall between any two of them.
    for (const { id, path, data } of events)
      await receiver.sql`insert into received (event_id, resource, value) values (${id}, ${path}, ${JSON.parse(data).version})`;
  },
  onFailure: () => {},
  sweepEveryMs: 500,
});

const change = async (): Promise<void> => {
  const resource = `r${Math.floor(Math.random() * Number(resources))}`;
  await db.withScope(scopeA, async (tx) => {
    const [row] = await tx<{ value: number }[]>`
      update counter set value = value + 1 where name = ${resource} returning value`;
    addEvents(tx, [expiry(resource, row?.value ?? 0)]);
  });
};

/** Below what one relay can take away, or the end of the test would wait for it. */
const restMs = 5;

const work = async (): Promise<void> => {
  for (;;) {
    await change().catch(() => {});
    process.send?.('changed');
    await sleep(restMs);
  }
};

process.on('message', () => {
  void work();
  void work();
});
process.once('disconnect', () => process.exit());
// It will be killed; what it has compiled is for those who start after it.
flushCompileCache();
await Promise.all([db.ping(), receiver.ping()]);
process.send?.('ready');
