import { median } from '@scaivault/measure/median';
import { tableLine } from '@scaivault/measure/table-line';
import { startVault, type Vault } from '@scaivault/testkit/start-vault';
import { unlimited } from '../test/unlimited-vault.ts';

/** Secrets in the two tenants that are compared. */
const sizes = { tnt_acme_dev: 1_000, tnt_acme_prod: 1_000_000 } as const;
type Tenant = keyof typeof sizes;
const tenants = Object.keys(sizes) as Tenant[];

/** Secrets with a real value among the filling, read in turn. */
const realSecrets = 100;
const rounds = 300;
const pageSize = 100;
const widePage = 1_000;

/** Rows as a write leaves them; their values cannot be read, and nobody does. */
const fill = async (vault: Vault, tenant: Tenant): Promise<void> => {
  const sql = await vault.openDatabase();
  const scope = `t:${tenant}`;
  const count = sizes[tenant] - realSecrets;
  try {
    await sql`
      insert into secrets.secret (
        scope_id, path, secret_type, current_version, max_versions, metadata, metadata_revision, tags, created_at, updated_at
      )
      select ${scope}, 'fill/' || lpad(n::text, 7, '0'), 'kv', 1, 10, '{"description":null,"owner":null,"tags":[]}', 1, '{}',
        now(), now()
      from generate_series(1, ${count}::integer) as n`;
    await sql`
      insert into secrets.version (
        scope_id, path, version, secret_type, data_ct, data_key_wrapped, wrapped_by, created_at, created_by
      )
      select ${scope}, 'fill/' || lpad(n::text, 7, '0'), 1, 'kv', decode(repeat('f1', 150), 'hex'),
        decode(repeat('f1', 62), 'hex'), 'key_fill', now(), 'user:bench'
      from generate_series(1, ${count}::integer) as n`;
    await sql`vacuum analyze secrets.secret, secrets.version`;
  } finally {
    await sql.end();
  }
};

/** Requests of one user, who may act in every tenant of the partner. */
const openClient = (vault: Vault, token: string) => {
  const ask = async (method: string, tenant: Tenant, rest: string, body?: object) => {
    const answer = await vault.request(method, `/v1/t/${tenant}/secrets${rest}`, { token, ...(body ? { body } : {}) });
    if (answer.status >= 300) throw new Error(`${method} ${rest}: ${answer.text}`);
    return answer;
  };
  const timed = async (tenant: Tenant, rest: string): Promise<number> => {
    const started = performance.now();
    await ask('GET', tenant, rest);
    return performance.now() - started;
  };
  return { ask, timed };
};

/** The cursor behind which a tenant's last page lies; a cursor does not hold the size of the pages. */
const cursorOfLastPage = async (client: ReturnType<typeof openClient>, tenant: Tenant): Promise<string> => {
  let cursor = '';
  for (let left = sizes[tenant] - pageSize; left > 0; left -= widePage) {
    const query = `?limit=${Math.min(widePage, left)}${cursor === '' ? '' : `&cursor=${cursor}`}`;
    cursor = (await client.ask('GET', tenant, query)).json.cursor;
  }
  return cursor;
};

const line = (cells: readonly string[]): string => tableLine(cells, { others: 14 });

/** `pnpm bench scale`: the same calls in a tenant of a thousand secrets and in one of a million, interleaved. */
export const runScale = async (): Promise<void> => {
  await using vault = await startVault({ shape: 'all-in-one', env: unlimited });
  const client = openClient(vault, await vault.mint({ sub: 'carol@acme.example' }));
  const started = performance.now();
  for (const tenant of tenants) {
    for (let i = 0; i < realSecrets; i += 1) await client.ask('PUT', tenant, `/bench/s${i}`, { data: { n: i } });
    await fill(vault, tenant);
  }
  const lastPage = {
    tnt_acme_dev: await cursorOfLastPage(client, 'tnt_acme_dev'),
    tnt_acme_prod: await cursorOfLastPage(client, 'tnt_acme_prod'),
  };
  process.stdout.write(`\nfilled in ${((performance.now() - started) / 1000).toFixed(0)} s; one caller at a time, `);
  process.stdout.write(`medians of ${rounds} calls, ms\n\n`);

  const calls: Readonly<Record<string, (tenant: Tenant, round: number) => string>> = {
    read: (_tenant, round) => `/bench/s${round % realSecrets}`,
    'first page of the list': () => `?limit=${pageSize}`,
    'last page of the list': (tenant) => `?limit=${pageSize}&cursor=${lastPage[tenant]}`,
  };
  process.stdout.write(line(['', ...tenants.map((tenant) => `${sizes[tenant]}`), 'ratio']));
  for (const [name, call] of Object.entries(calls)) {
    const times = { tnt_acme_dev: [] as number[], tnt_acme_prod: [] as number[] };
    for (const tenant of tenants) for (let i = 0; i < 30; i += 1) await client.timed(tenant, call(tenant, i));
    for (let round = 0; round < rounds; round += 1)
      for (const tenant of tenants) times[tenant].push(await client.timed(tenant, call(tenant, round)));
    const [small, large] = [median(times.tnt_acme_dev), median(times.tnt_acme_prod)];
    process.stdout.write(line([name, small.toFixed(2), large.toFixed(2), (large / small).toFixed(2)]));
  }
};
