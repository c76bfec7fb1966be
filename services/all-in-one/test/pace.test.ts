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

  it('ends within five seconds of Ctrl-C, with everything it started, and starts again quickly with its data', async ({
    annotate,
  }) => {
    succeeded(await vault.request('PUT', '/v1/secrets/life/b', { body: { data: { n: 2 } } }));
    const pids = [vault.pid, findVaultPostgres(vault.dataDir) ?? 0, ...(await serviceProcessesBelow(vault.pid))];
    expect(pids.length).toBe(shape === 'services' ? 8 : 2);
    const { stopped, startMs, ...restarted } = await vault.restart();
    again = restarted.vault;
    await annotate(`${shape}: stopped in ${Math.round(stopped.ms)} ms, second start ${Math.round(startMs)} ms`);
    expect({ code: stopped.code, inTime: stopped.ms < 5_000 }, `${stopped.ms} ms`).toEqual({ code: 0, inTime: true });
    expect(pids.filter(isProcessAlive)).toEqual([]);
    expect((await again.request('GET', '/v1/secrets/life/b')).json.data).toEqual({ n: 2 });
    expect(startMs).toBeLessThan(10_000);
  });
});
