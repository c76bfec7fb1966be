import type { Sql } from './sql-tag.ts';

/** Tells whoever listens to a topic that there is news; what fails is left to their own looking. */
export type Announce = (topic: string) => void;

/** Whatever happens within this time is one notification: each takes a lock that the whole server shares. */
const gatherMs = 10;

/** Sends NOTIFY on the channels `<schema>_<topic>`, at most a hundred times a second each. */
export const createAnnouncer = (sql: Sql, schema: string): Announce => {
  const waiting = new Set<string>();
  const send = async (topic: string): Promise<void> => {
    waiting.delete(topic);
    // Nobody waits for it to reach the disk: who listens looks by itself after a crash.
    await sql`
      select pg_notify(${`${schema}_${topic}`}, '')
      from (select set_config('synchronous_commit', 'off', true)) as nothing_to_keep`;
  };
  return (topic) => {
    if (waiting.has(topic)) return;
    waiting.add(topic);
    setTimeout(() => void send(topic).catch(() => {}), gatherMs).unref();
  };
};
