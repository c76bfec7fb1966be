import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openOutbox } from './open-outbox.ts';

/**
 * Processes that change, tell and relay at once are killed at random moments, again and again; the moments need no seed,
 * for a scheduler is no more repeatable than they are.
 */
const kills = 50;
const atOnce = 3;
const resources = 4;
const mostChanges = 20;
const longestWaitMs = 10;

let opened: Awaited<ReturnType<typeof openOutbox>>;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  opened = await openOutbox();
  await opened.owner.unsafe(`
    create table dbtest.counter (name text primary key, value bigint not null default 0);
    create table dbtest.received (
      arrival bigint generated always as identity primary key, event_id text not null, resource text not null,
      value bigint not null
    );
    insert into dbtest.counter (name) select 'r' || n from generate_series(0, ${resources - 1}) as n;
    grant select, update on dbtest.counter to scaivault_dbtest;
    grant insert on dbtest.received to scaivault_dbtest;
  `);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await opened.close();
});

const start = async (): Promise<ChildProcess> => {
  const child = fork(join(import.meta.dirname, 'service-child.ts'), [opened.url, String(resources)]);
  children.add(child);
  await once(child, 'message');
  return child;
};

const kill = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  children.delete(child);
};

/** Lets it work, and resolves when it has changed something that many times. */
const untilChanges = async (child: ChildProcess, count: number): Promise<void> => {
  let changes = 0;
  child.send('work');
  for await (const _ of on(child, 'message')) if (++changes >= count) return;
};

interface Arrival {
  readonly id: string;
  readonly value: number;
}

/** Arrivals of one resource, first to last, without those whose id came before. */
const arrivals = async (resource: string): Promise<readonly Arrival[]> => {
  const rows = await opened.owner<Arrival[]>`
    select event_id as "id", value from dbtest.received where resource = ${resource} order by arrival`;
  const seen = new Set<string>();
  return rows.filter(({ id }) => !seen.has(id) && seen.add(id));
};

it('of every committed change one event arrives, in the order of the commits, through fifty kills', async () => {
  let left = kills;
  const live = async (): Promise<void> => {
    let next = start();
    while (left > 0) {
      left -= 1;
      const child = await next;
      // Begun while this one lives, because starting a process takes longer than the life it gets here.
      next = start();
      await untilChanges(child, Math.ceil(Math.random() * mostChanges));
      await sleep(Math.random() * longestWaitMs);
      await kill(child);
    }
    await kill(await next);
  };
  await Promise.all(Array.from({ length: atOnce }, live));

  // One more, which changes nothing and relays what is left.
  await start();
  await vi.waitFor(async () => expect(await opened.owner`select position from dbtest.outbox limit 1`).toHaveLength(0), {
    timeout: 20_000,
    interval: 50,
  });

  const counters = await opened.owner<{ name: string; value: number }[]>`
    select name, value from dbtest.counter order by name`;
  // Enough has happened for the rest to mean something.
  expect(Math.min(...counters.map(({ value }) => value))).toBeGreaterThan(kills);
  for (const { name, value } of counters) {
    const events = await arrivals(name);
    const expected = Array.from({ length: value }, (_, index) => index + 1);
    expect(events.map((event) => event.value)).toEqual(expected);
    expect(events.map(({ id }) => id)).toEqual(events.map(({ id }) => id).toSorted());
  }
}, 120_000);
