import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from '@scaivault/testkit/start-vault';
import { beforeAll, describe, expect, it } from 'vitest';
import { allAuditRows, eventNumbers } from './audit-rows.ts';
import { type Deed, deedsFor, inLanes, perform } from './deeds.ts';
import { succeeded } from './grant.ts';
import type { Trouble } from './trouble.ts';
import { until } from './until.ts';

/** Small, and records large, so that some hundred are what ten minutes of them are to a journal of usual size. */
export const outageSettings = { JOURNAL_MAX_BYTES: String(1.25 * 1_048_576) };
const wordy = { 'user-agent': 'x'.repeat(512) };
const duringOutage = 500;
const mostUntilFull = 3_000;

export const testAuditOutage = (trouble: () => Trouble): void => {
  describe('audit-writer down under load, until the journal is full, and back', () => {
    let { vault, auditWriter } = {} as Trouble;
    const deeds: readonly Deed[] = deedsFor('outage', duringOutage);
    const refused: { readonly path: string; readonly key: string }[] = [];
    const written: string[] = [];

    const put = (path: string, key: string): Promise<Answer> =>
      vault.request('PUT', `/v1/secrets/${path}`, {
        body: { data: { value: path } },
        headers: { 'idempotency-key': key, 'x-request-id': key, ...wordy },
      });

    beforeAll(async () => {
      ({ vault, auditWriter } = trouble());
      await inLanes(
        deedsFor('', 100).filter(({ kind }) => kind === 'read'),
        async ({ path, value }) => {
          succeeded(await vault.request('PUT', `/v1/secrets/${path}`, { body: { data: { value } } }));
        },
      );
      await auditWriter.kill();
    });

    it('answers every request while the journal has room, over several files of it', async () => {
      await inLanes(deeds, (deed) => perform(vault, deed, wordy));
      for (const { kind, path, answer } of deeds)
        expect({ path, status: answer?.status }).toEqual({ path, status: kind === 'write' ? 201 : 200 });
      const files = readdirSync(join(vault.dataDir, 'journal', 'secrets')).filter((name) => name.endsWith('.journal'));
      expect(files.length).toBeGreaterThan(1);
    });

    it('refuses with 503 audit_unavailable and a time to wait when it has none', async () => {
      const attempts = Array.from({ length: mostUntilFull }, (_, n) => ({ path: `full/${n}`, key: `full-${n}` }));
      await inLanes(attempts, async (attempt) => {
        if (refused.length >= 50) return;
        const answer = await put(attempt.path, attempt.key);
        if (answer.status === 201) written.push(attempt.path);
        else {
          expect([answer.status, answer.json.error.code]).toEqual([503, 'audit_unavailable']);
          expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
          refused.push(attempt);
        }
      });
      expect(refused.length).toBeGreaterThanOrEqual(50);
    });

    it('has lost nothing and doubled nothing once it is back', async () => {
      await auditWriter.start();
      const answered = deeds.map(({ clientId }) => clientId).concat(written.map((path) => path.replace('/', '-')));
      const rowsOf = await until(
        'a row of every answer',
        async () => {
          const rows = await allAuditRows(vault).catch(() => []);
          const byClient = Map.groupBy(rows, ({ extra_data }) => String(extra_data.client_request_id ?? ''));
          return answered.every((clientId) => byClient.has(clientId)) ? byClient : undefined;
        },
        60_000,
      );
      for (const clientId of answered) expect([clientId, rowsOf.get(clientId)?.length]).toEqual([clientId, 1]);
      for (const { clientId, kind, answer } of deeds)
        expect(rowsOf.get(clientId)?.[0]).toMatchObject({ action: kind, success: true, request_id: answer?.requestId });
      const numbers = await eventNumbers(vault);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      const before = [...rowsOf].filter(([clientId]) => !answered.includes(clientId)).flatMap(([, rows]) => rows);
      const writtenBefore = before.filter(({ action }) => action === 'write').length;
      expect(writtenBefore).toBeGreaterThanOrEqual(50);
      const { json } = succeeded(await vault.request('GET', '/v1/audit/summary'));
      expect(json.by_action.write).toBe(writtenBefore + duringOutage / 2 + written.length);
    });

    it('has done nothing of what it refused, and does it once when it is asked again', async () => {
      await inLanes(refused, async ({ path, key }) => {
        expect([path, (await vault.request('GET', `/v1/secrets/${path}`)).status]).toEqual([path, 404]);
        expect([path, (await put(path, key)).status]).toEqual([path, 201]);
        expect((await put(path, key)).headers.get('idempotency-replayed')).toBe('true');
        expect((await vault.request('GET', `/v1/secrets/${path}`)).json).toMatchObject({
          version: 1,
          data: { value: path },
        });
      });
    });
  });
};
