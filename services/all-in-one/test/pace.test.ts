import { confirmedForGood } from '@scaivault/db';
import {
  findVaultPostgres,
  isProcessAlive,
  serviceProcessesBelow,
  type VaultAccess,
} from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { succeeded } from './grant.ts';
import { borrowUnlimited, type SharedVault } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';

// Stands in vitest.config.ts as one beside which nothing runs.
vi.setConfig({ testTimeout: 90_000 });

describe.each(shapes)('the pace of ScaiVault (%s)', (shape) => {
  let vault: SharedVault;
  let again: VaultAccess;
  beforeAll(async () => {
    vault = await borrowUnlimited(shape);
  });
  afterAll(() => vault?.[Symbol.asyncDispose]());

  /** Processes that may decide by cached policies or identities: a change waits for them. */
  const holdersOfLeases = async ({ openDatabase }: VaultAccess): Promise<string[]> => {
    const sql = await openDatabase();
    const rows = await sql<{ id: string }[]>`
      select id from policy.follower where confirmed < ${confirmedForGood} and heeds = ''
      union all select id from identity.follower where confirmed < ${confirmedForGood}`;
    await sql.end();
    return rows.map(({ id }) => id);
  };

  it('ends within five seconds of Ctrl-C, with everything it started, and starts again quickly with its data and without its leases', async ({
    annotate,
  }) => {
    succeeded(await vault.request('PUT', '/v1/secrets/life/b', { body: { data: { n: 2 } } }));
    const pids = [vault.pid, findVaultPostgres(vault.dataDir) ?? 0, ...(await serviceProcessesBelow(vault.pid))];
    expect(pids.length).toBe(shape === 'services' ? 8 : 2);
    const holders = await holdersOfLeases(vault);
    expect(holders.length).toBeGreaterThan(0);
    const { stopped, startMs, ...restarted } = await vault.restart();
    again = restarted.vault;
    await annotate(`${shape}: stopped in ${Math.round(stopped.ms)} ms, second start ${Math.round(startMs)} ms`);
    expect({ code: stopped.code, inTime: stopped.ms < 5_000 }, `${stopped.ms} ms`).toEqual({ code: 0, inTime: true });
    expect(pids.filter(isProcessAlive)).toEqual([]);
    expect((await again.request('GET', '/v1/secrets/life/b')).json.data).toEqual({ n: 2 });
    expect((await holdersOfLeases(again)).filter((id) => holders.includes(id))).toEqual([]);
    expect(startMs).toBeLessThan(10_000);
  });
});
