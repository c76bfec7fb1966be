import { median } from '@scaivault/measure/median';
import { tableLine } from '@scaivault/measure/table-line';
import { startVault, type Vault } from '@scaivault/testkit/start-vault';
import { unlimited } from '../test/unlimited-vault.ts';

const small = 100_000;
const large = Number(process.argv[3] ?? 10_000_000);
/** Records in the two tenants that are compared. */
const sizes = { tnt_acme_dev: small, tnt_acme_prod: large } as const;
type Tenant = keyof typeof sizes;
const tenants = Object.keys(sizes) as Tenant[];

const months = 12;
const days = 360;
const piece = 500_000;
const rounds = 100;
const identities = 1_000;
const paths = 5_000;

type Sql = Awaited<ReturnType<Vault['openDatabase']>>;

/** Records of one tenant, spread over a year up to now. */
const fillLog = async (sql: Sql, tenant: Tenant): Promise<void> => {
  const count = sizes[tenant];
  for (let first = 1; first <= count; first += piece) {
    await sql`
      insert into audit.log (
        scope_id, ts, id, event_seq, action, identity_type, identity_id, secret_path, source_ip, success, error_code,
        duration_ms, request_id, extra_data
      )
      select ${`t:${tenant}`}, now() - interval '1 minute' - (${count}::integer - n) * (interval '1 day' * ${days} / ${count}::integer),
        'log_fill' || n, n, case when n % 5000 = 0 then 'destroy' when n % 10 = 0 then 'write' else 'read' end,
        case when n % 4 = 0 then 'user' else 'service_account' end, 'sa:' || n % ${identities}::integer,
        'app/' || n % ${paths}::integer, '192.0.2.' || n % 200, n % 400 <> 0,
        case when n % 400 = 0 then 'access_denied' end, 1, 'req_fill' || n, '{}'
      from generate_series(${first}::integer, ${Math.min(first + piece - 1, count)}::integer) as n`;
  }
  await sql`
    insert into audit.head (scope_id, event_seq, sealed_seq) values (${`t:${tenant}`}, ${count}::bigint, ${count}::bigint)
    on conflict (scope_id) do update set event_seq = excluded.event_seq, sealed_seq = excluded.sealed_seq`;
  // As if sealed when they came, or the sealer would work through all of them while reading is measured.
  await sql`update audit.head set unsealed_since = null where scope_id = ${`t:${tenant}`}`;
};

/** What ingest would have counted of them; of different identities and paths as much as is ever kept. */
const fillCounts = async (sql: Sql, tenant: Tenant): Promise<void> => {
  const scope = `t:${tenant}`;
  const perDay = Math.round(sizes[tenant] / days);
  await sql`
    insert into audit.tally (scope_id, grain, start, action, success, error_code, records)
    select ${scope}, g.grain, date_trunc(g.grain, now() - n * g.step, 'UTC'), a.action, a.success, a.code, ${perDay}::bigint
    from (values ('day', interval '1 day', ${days}::integer), ('hour', interval '1 hour', 24 * ${days}::integer)) as g (grain, step, most),
      lateral generate_series(0, g.most) as n,
      (values ('read', true, ''), ('write', true, ''), ('read', false, 'access_denied')) as a (action, success, code)
    on conflict do nothing`;
  const marks = sql`(select array_agg(m order by m) from (select audit.mark_of(g.grain || n || '/' || k) as m from generate_series(1, 256) k) x)`;
  await sql`
    insert into audit.sketch (scope_id, grain, start, identities, paths)
    select ${scope}, g.grain, date_trunc(g.grain, now() - n * g.step, 'UTC'), ${marks}, ${marks}
    from (values ('day', interval '1 day', 31), ('hour', interval '1 hour', 48)) as g (grain, step, most),
      lateral generate_series(0, g.most) as n
    on conflict do nothing`;
};

const since = (began: number): string => `${((performance.now() - began) / 1000).toFixed(0)} s`;

/** Tells how long it took, and what it takes on the disk. */
const fill = async (vault: Vault): Promise<string> => {
  const sql = await vault.openDatabase();
  const began = performance.now();
  try {
    await sql`set maintenance_work_mem = '1GB'`;
    for (let ago = 0; ago <= months; ago += 1)
      await sql`select audit.ensure_partition((date_trunc('month', now() at time zone 'UTC') - ${`${ago} months`}::interval)::date)`;
    // Keys and indexes are made once all rows are there, which takes a fraction of the time.
    const indexes = await sql<{ name: string; definition: string }[]>`
      select indexname as name, replace(indexdef, ' ON ONLY ', ' ON ') as definition from pg_indexes
      where schemaname = 'audit' and tablename = 'log' and indexname <> 'log_pkey'`;
    for (const { name } of indexes) await sql.unsafe(`drop index audit.${name}`);
    const [key] = await sql<{ definition: string }[]>`
      select pg_get_constraintdef(oid) as definition from pg_constraint
      where conrelid = 'audit.log'::regclass and conname = 'log_pkey'`;
    await sql`alter table audit.log drop constraint log_pkey`;
    for (const tenant of tenants) await fillLog(sql, tenant);
    const rows = since(began);
    const beganIndexes = performance.now();
    await sql.unsafe(`alter table audit.log add constraint log_pkey ${key?.definition}`);
    for (const { definition } of indexes) await sql.unsafe(definition);
    const made = since(beganIndexes);
    for (const tenant of tenants) await fillCounts(sql, tenant);
    await sql`vacuum (analyze, parallel 2)`;
    const [size] = await sql<{ gigabytes: number }[]>`
      select sum(pg_total_relation_size(inhrelid))::float8 / 2 ^ 30 as gigabytes from pg_inherits
      where inhparent = 'audit.log'::regclass`;
    return `${since(began)} (rows ${rows}, indexes ${made}), ${size?.gigabytes.toFixed(1)} GB`;
  } finally {
    await sql.end();
  }
};

const line = (cells: readonly string[]): string => tableLine(cells, { others: 14 });

const daysAgo = (count: number): string => new Date(Date.now() - count * 86_400_000).toISOString();

/** `pnpm bench audit [rows]`: the same queries in a tenant of a hundred thousand records and in one of ten million. */
export const runAudit = async (): Promise<void> => {
  await using vault = await startVault({ shape: 'all-in-one', env: unlimited });
  const token = await vault.mint({ sub: 'carol@acme.example' });
  const filled = await fill(vault);
  const timed = async (tenant: Tenant, rest: string): Promise<number> => {
    const began = performance.now();
    const answer = await vault.request('GET', `/v1/t/${tenant}/audit${rest}`, { token });
    if (answer.status !== 200) throw new Error(`${rest}: ${answer.text}`);
    return performance.now() - began;
  };
  process.stdout.write(`\nfilled in ${filled}; one caller at a time, pages of 100, medians of ${rounds} calls, ms\n\n`);

  const year = `from=${daysAgo(days + 5)}`;
  const calls: Readonly<Record<string, string>> = {
    'newest page': '/logs',
    'a page half a year back': `/logs?${year}&to=${daysAgo(180)}`,
    'oldest page': `/logs?${year}&order=asc`,
    'by action': `/logs?${year}&action=write`,
    'by two actions, one rare': `/logs?${year}&action=destroy,read`,
    'by identity': `/logs?${year}&identity_id=sa:77`,
    'by path prefix': `/logs?${year}&path_prefix=app/77`,
    failures: `/logs?${year}&success=false`,
    'by address': `/logs?${year}&source_ip=192.0.2.7`,
    'by request': `/logs?${year}&request_id=req_fill70000`,
    'trail of a path': `/secrets/app/77?${year}`,
    'trail of an identity': `/identities/sa%3A77?${year}`,
    'summary of 30 days': '/summary',
  };
  process.stdout.write(line(['', ...tenants.map((tenant) => `${sizes[tenant]}`), 'ratio']));
  for (const [name, rest] of Object.entries(calls)) {
    const times = { tnt_acme_dev: [] as number[], tnt_acme_prod: [] as number[] };
    for (const tenant of tenants) for (let i = 0; i < 10; i += 1) await timed(tenant, rest);
    for (let round = 0; round < rounds; round += 1)
      for (const tenant of tenants) times[tenant].push(await timed(tenant, rest));
    const [few, many] = [median(times.tnt_acme_dev), median(times.tnt_acme_prod)];
    process.stdout.write(line([name, few.toFixed(2), many.toFixed(2), (many / few).toFixed(2)]));
  }
};
