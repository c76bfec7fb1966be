import type { Vault } from '@scaivault/testkit/start-vault';

type Sql = Awaited<ReturnType<Vault['openDatabase']>>;

/**
 * What may change though nobody did anything: records of asking, events of it, events on their way (whose change stands in
 * a table of its own), and which of our processes are alive.
 */
const restless: ReadonlySet<string> = new Set([
  'secrets.idempotency',
  'policy.idempotency',
  'identity.idempotency',
  'events.idempotency',
  ...['secrets', 'policy', 'events'].flatMap((schema) => [`${schema}.outbox`, `${schema}.outbox_head`]),
  'events.event',
  'events.buffer',
  'events.buffered_event',
  'identity.webhook_event',
  'identity.follower',
  'policy.follower',
]);

/** A digest of every table of secrets, policies, identities, events and exports; equal digests are equal rows. */
export const fingerprint = async (sql: Sql): Promise<Readonly<Record<string, string>>> => {
  const tables = await sql<{ name: string }[]>`
    select schemaname || '.' || tablename as name from pg_tables
    where schemaname in ('secrets', 'policy', 'identity', 'events') or tablename like 'export%' order by 1`;
  const digests: [string, string][] = [];
  for (const { name } of tables) {
    if (restless.has(name)) continue;
    const [row] = await sql.unsafe<{ digest: string }[]>(`
      select count(*) || ' rows, ' || md5(coalesce(string_agg(line, '|' order by line), '')) as digest
      from (select md5((to_jsonb(t) - 'last_accessed_at')::text) as line from ${name} t) as lines`);
    digests.push([name, row?.digest ?? '']);
  }
  return Object.fromEntries(digests);
};
