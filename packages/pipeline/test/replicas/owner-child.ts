import { createServer } from 'node:http';
import { flushCompileCache } from 'node:module';
import { text } from 'node:stream/consumers';
import { createRevisionLog, openDatabase } from '@scaivault/db';
import { createRevisionFeed } from '../../src/replica/revision-feed.ts';
import { type Change, leaseMs, readFollow, writeAnswer } from './wire.ts';

/** One of several processes of an owner: rules in PostgreSQL, the feed, and a wire that is none of our own. */
const db = openDatabase({
  url: process.argv[2] ?? '',
  role: 'scaivault_dbtest',
  schema: 'dbtest',
  applicationName: 'owner',
  poolSize: 8,
  statementTimeoutMs: 10_000,
});
const feed = createRevisionFeed({ leaseMs, log: createRevisionLog(db) });

const read = async (key: string): Promise<number> => {
  const [row] = await db.sql<{ version: number }[]>`select version from rule where scope_id = ${key}`;
  return row?.version ?? 0;
};

const change = async ({ key, thenDie = false }: Change): Promise<number> => {
  const rows = await db.transaction(
    (tx) => tx<{ version: number }[]>`
      insert into rule (scope_id, version) values (${key}, 1)
      on conflict (scope_id) do update set version = rule.version + 1 returning version`,
  );
  if (thenDie) process.kill(process.pid, 'SIGKILL');
  await feed.publish([]);
  return rows[0]?.version ?? 0;
};

const answer = async (path: string | undefined, body: string): Promise<unknown> => {
  if (path === '/follow') return writeAnswer(await feed.follow(readFollow(JSON.parse(body))));
  if (path === '/change') return { version: await change(JSON.parse(body)) };
  return { version: await read(JSON.parse(body)) };
};

const server = createServer((request, response) => {
  void text(request)
    .then((body) => answer(request.url, body))
    .then(
      (result) => response.end(JSON.stringify(result)),
      () => response.writeHead(503).end(),
    );
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }));
process.once('disconnect', () => process.exit());
// It will be killed; what it has compiled is for those who start after it.
flushCompileCache();
