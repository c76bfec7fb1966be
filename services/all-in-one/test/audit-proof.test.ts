import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { auditRowsOf } from './audit-rows.ts';
import { grant, succeeded } from './grant.ts';
import { runScaivaultVerify } from './run-scaivault-verify.ts';
import { borrowWatched } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';
import { until } from './until.ts';

// Waits for seals, and starts the verifier as a process several times.
vi.setConfig({ testTimeout: 60_000 });

describe.each(shapes)('the proof of the audit trail (%s)', (shape) => {
  let vault: Vault;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scaivault-verify-'));
    vault = await borrowWatched(shape);
  });
  afterAll(async () => {
    await vault?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const get = async (path: string): Promise<Answer> => succeeded(await vault.request('GET', `/v1/audit/${path}`));

  /** Records of many kinds: with and without paths, refusals, odd user agents, extra data; the number of the last. */
  const act = async (): Promise<number> => {
    const headers = { 'user-agent': 'zoë "quoted" \\ agent' };
    const body = { data: { value: 'x' } };
    succeeded(await vault.request('PUT', '/v1/secrets/proof/a', { body, headers }));
    succeeded(await vault.request('GET', '/v1/secrets/proof/a', { headers: { 'x-request-id': 'mine-1' } }));
    await vault.request('GET', '/v1/secrets/proof/a', { token: await vault.mint({ sub: 'bob@acme.example' }) });
    await grant(vault, 'group:sre', [{ path_pattern: 'proof/*', permissions: ['read'] }]);
    const [last] = await auditRowsOf(vault, await vault.request('GET', '/v1/secrets/proof/nothing'));
    return last?.event_seq ?? 0;
  };

  it('is checked offline by a program that knows only the answers of the API', async () => {
    const acted = await act();
    const sealed = await until('all of it is sealed', async () => {
      const { checkpoints } = (await get('checkpoints')).json;
      const last = checkpoints.at(-1)?.last_event_seq ?? 0;
      return last >= acted ? last : undefined;
    });
    const logs = await get('logs?order=asc&limit=1000');
    const files = {
      keys: (await get('keys')).text,
      checkpoints: (await get('checkpoints')).text,
      records: JSON.stringify({ logs: logs.json.logs.filter((log: { event_seq: number }) => log.event_seq <= sealed) }),
      proof: (await get(`logs/${logs.json.logs[2].id}:proof`)).text,
    };
    const write = async (name: keyof typeof files, text = files[name]): Promise<string> => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const args = [
      ['--keys', await write('keys')],
      ['--checkpoints', await write('checkpoints')],
      ['--records', await write('records')],
      ['--proof', await write('proof')],
    ].flat();
    // What was sealed since is in the second list of checkpoints; its records are not asked for.
    const good = await runScaivaultVerify(args);
    const behind = good.report.findings.filter(({ eventSeq }: { eventSeq: number }) => eventSeq <= sealed);
    expect(behind, JSON.stringify(good.report)).toEqual([]);
    expect(good.report.records).toBe(sealed);

    await write('records', files.records.replace('"secret_path":"proof/a"', '"secret_path":"proof/b"'));
    const bad = await runScaivaultVerify(args);
    expect(bad.code).toBe(1);
    expect(bad.report.findings).toContainEqual(expect.objectContaining({ reason: 'record_changed' }));
    await write('proof', files.proof.replace('"success":true', '"success":false'));
    const unproven = await runScaivaultVerify(['--keys', join(folder, 'keys'), '--proof', join(folder, 'proof')]);
    expect(unproven.report.findings).toMatchObject([{ reason: 'record_changed' }]);
    expect((await runScaivaultVerify(['--keys', join(folder, 'nothing')])).code).toBe(2);
    const { json } = succeeded(await vault.request('POST', '/v1/audit/checkpoints:verify', { body: {} }));
    expect(json).toMatchObject({ valid: true, first_failure: null });
  });
});
