import { join } from 'node:path';
import { monotonicMs } from '@scaivault/measure/monotonic-ms';
import { quantiles } from '@scaivault/measure/quantiles';
import { startScript } from '@scaivault/measure/script';
import { newId } from '@scaivault/tenancy';
import { startVault, type Vault } from '@scaivault/testkit/start-vault';
import { unlimited } from '../test/unlimited-vault.ts';
import type { PollNews, PollOrder } from './poll-clients.ts';
import { usageBelow } from './process-usage.ts';

const polls = 10_000;
const opened = 500;
const rounds = 200;
const scope = 't:tnt_acme_prod';

type Sql = Awaited<ReturnType<Vault['openDatabase']>>;

/** Polling subscriptions of alice as the service leaves them; more than one identity may create. */
const subscribe = async (sql: Sql): Promise<readonly string[]> => {
  const ids = Array.from({ length: polls }, () => newId('sub'));
  await sql`
    insert into events.listener (scope_id, id, kind, partner_id, events, paths)
    select ${scope}, id, 'subscription', 'ptn_acme', array['key.rotated'], array['bench/*']
    from unnest(${ids}::text[]) as id`;
  await sql`
    insert into events.subscription (
      scope_id, id, name, status, owner_tenant_id, owner_subject_id, identity_type, identity_id, delivery_type,
      created_at, updated_at
    )
    select ${scope}, id, 'bench', 'active', 'tnt_acme_prod', 'usr_alice', 'user', 'user:alice@acme.example', 'polling',
      now(), now()
    from unnest(${ids}::text[]) as id`;
  await sql`
    insert into events.buffer (scope_id, subscription_id, size) select ${scope}, id, 1000 from unnest(${ids}::text[]) as id`;
  await sql`vacuum analyze events.listener, events.subscription, events.buffer`;
  return ids;
};

/** An event for these subscriptions, as a batch of the intake leaves it. */
const tell = async (sql: Sql, ids: readonly string[]): Promise<void> => {
  const eventId = newId('evt');
  const body = JSON.stringify({ timestamp: new Date().toISOString(), data: { version: 1 } });
  await sql.begin(async (tx) => {
    await tx`
      insert into events.event (scope_id, id, event_type, occurred_at, path, body)
      values (${scope}, ${eventId}, 'secret.updated', now(), 'bench/poll', ${body})`;
    await tx`
      with moved as (
        update events.buffer set newest = newest + 1, waiting = waiting + 1
        where scope_id = ${scope} and subscription_id = any(${ids}::text[]) returning subscription_id, newest
      )
      insert into events.buffered_event (scope_id, subscription_id, place, event_id)
      select ${scope}, subscription_id, newest, ${eventId} from moved`;
    for (let from = 0; from < ids.length; from += 200)
      await tx`select pg_notify('events_polls', ${`news ${ids.slice(from, from + 200).join(' ')}`})`;
  });
};

const rssOf = async ({ pid }: Vault): Promise<number> =>
  (await usageBelow(pid)).reduce((sum, { rssMb }) => sum + rssMb, 0);

const cpuMsOf = async ({ pid }: Vault): Promise<number> =>
  (await usageBelow(pid)).reduce((sum, { cpuMicros }) => sum + cpuMicros, 0) / 1000;

/** Until so many subscriptions have been polled more than `times` times. */
const untilCount = async (sql: Sql, wanted: number, times = 0): Promise<void> => {
  for (;;) {
    const [row] = await sql`select count(*)::integer as count from events.buffer where poll_number > ${times}`;
    if (row?.count >= wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** `pnpm bench poll`: ten thousand polls that wait in one process, and how soon they hear of an event. */
export const runPoll = async (): Promise<void> => {
  await using vault = await startVault({ shape: 'all-in-one', env: unlimited });
  const sql = await vault.openDatabase();
  await using _session = { [Symbol.asyncDispose]: () => sql.end() };
  const waiting = new Map<string, (atMs: number) => void>();
  using clients = startScript<PollOrder, PollNews>(join(import.meta.dirname, 'poll-clients.ts'), ({ id, atMs }) =>
    waiting.get(id)?.(atMs),
  );
  const answered = (id: string): Promise<number> => new Promise((resolve) => waiting.set(id, resolve));
  const ids = await subscribe(sql);
  const open = async (from: number, to: number): Promise<void> => {
    await clients.ask({ url: vault.url, token: vault.token, ids: ids.slice(from, to) });
    await untilCount(sql, to);
  };
  // What the first polls make the process load is not what a poll costs.
  await open(0, opened);
  const before = await rssOf(vault);
  for (let from = opened; from < polls; from += opened) await open(from, from + opened);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const after = await rssOf(vault);
  process.stdout.write(`\n${polls} polls wait in one process (sockets and TLS-less HTTP included)\n\n`);
  process.stdout.write(`  memory of one      ${(((after - before) * 1024) / (polls - opened)).toFixed(1)} KB (RSS)\n`);
  const sessions = await sql`select 1 from pg_stat_activity where application_name = 'scaivault-events'`;
  process.stdout.write(`  database sessions  ${sessions.length} (pool and one that listens)\n`);

  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const id = ids[(round * 37) % polls] ?? '';
    const heard = answered(id);
    const start = monotonicMs();
    await tell(sql, [id]);
    times.push((await heard) - start);
  }
  const [p50 = 0, p99 = 0] = quantiles(times, [0.5, 0.99]);
  process.stdout.write(`  event to answer    p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms\n`);

  const all = Promise.all(ids.map(answered));
  const cpuBefore = await cpuMsOf(vault);
  const start = monotonicMs();
  await tell(sql, ids);
  const last = Math.max(...(await all));
  await untilCount(sql, polls, 1);
  const cpuMs = ((await cpuMsOf(vault)) - cpuBefore) / polls;
  process.stdout.write(`  one event for all  ${((last - start) / 1000).toFixed(2)} s until the last has it\n`);
  process.stdout.write(
    `  CPU of one         ${cpuMs.toFixed(2)} ms (its answer and the poll that follows; without PostgreSQL)\n`,
  );
};
