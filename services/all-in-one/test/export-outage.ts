import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartedVault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditRowsOf } from './audit-rows.ts';
import { endedExport } from './ended-export.ts';
import { expectRefusal } from './expect-refusal.ts';
import { grant, succeeded } from './grant.ts';
import { type Bucket, bucketName, openBucket } from './open-bucket.ts';
import { runScaivaultVerify } from './run-scaivault-verify.ts';
import type { Trouble } from './trouble.ts';

const path = 'export/bucket';
const allowed = '203.0.113.7';
export const exportSettings = {
  AUDIT_SEAL_INTERVAL: '1s',
  OUTBOUND_ALLOWED_CIDRS: '127.0.0.0/8',
  TRUSTED_PROXIES: '127.0.0.0/8',
};

/** Where the caller's token has the longest way; the attack matrix has exports in both shapes. */
export const testExports = (trouble: () => Trouble): void => {
  describe('an export', () => {
    let { vault, auditWriter } = {} as Trouble;
    let bucket: Bucket;
    beforeAll(async () => {
      ({ vault, auditWriter } = trouble());
      bucket = await openBucket();
      succeeded(await vault.request('PUT', `/v1/secrets/${path}`, { body: { data: bucket.credentials } }));
    });
    afterAll(async () => {
      await bucket?.[Symbol.asyncDispose]();
    });

    const day = 86_400_000;
    const ask = (options: Parameters<StartedVault['request']>[2] = {}) =>
      vault.request('POST', '/v1/audit/export', {
        ...options,
        body: {
          from: new Date(Date.now() - day).toISOString(),
          to: new Date(Date.now() + day).toISOString(),
          format: 'jsonl',
          filters: { action: 'read,write,policy_create' },
          destination: { type: 's3', bucket: bucketName, prefix: 'audit', credentials_path: path },
        },
      });
    const verified = async (id: string) => {
      const folder = await mkdtemp(join(tmpdir(), 'scaivault-export-'));
      try {
        for (const [name, bytes] of bucket.files)
          if (name.startsWith(`audit/${id}/`)) await writeFile(join(folder, name.split('/').at(-1) ?? ''), bytes);
        return await runScaivaultVerify(['--keys', join(folder, 'keys.json'), '--export', folder]);
      } finally {
        await rm(folder, { recursive: true });
      }
    };

    it('reads the credentials with the right of the caller, from where the caller is, and leaves a row of that', async () => {
      const bob = await vault.mint({ sub: 'bob@acme.example', scope: 'audit:export' });
      expectRefusal(await ask({ token: bob }), 403, 'access_denied');
      const conditions = { ip_ranges: ['203.0.113.0/24'] };
      await grant(vault, 'user:bob@acme.example', [{ path_pattern: path, permissions: ['read'], conditions }]);
      expectRefusal(await ask({ token: bob }), 403, 'ip_not_allowed');
      const answer = succeeded(await ask({ token: bob, headers: { 'x-forwarded-for': allowed } }));
      expect([answer.status, answer.headers.get('location')]).toEqual([
        202,
        `/v1/audit/exports/${answer.json.export_id}`,
      ]);
      const rows = await auditRowsOf(vault, answer, { atLeast: 2 });
      const common = { identity_id: 'user:bob@acme.example', secret_path: path, success: true, source_ip: allowed };
      expect(rows.toSorted((one, other) => one.action.localeCompare(other.action))).toMatchObject([
        { ...common, action: 'export_created', extra_data: { export_id: answer.json.export_id } },
        { ...common, action: 'read' },
      ]);
      expect(await endedExport(vault, answer.json.export_id)).toMatchObject({ status: 'completed', error: null });
    });

    it('is whole and can be verified offline after a kill -9 in its middle', async () => {
      const arrived = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      bucket.beforePut = async (name) => {
        if (!name.includes('/checkpoints-')) return;
        arrived.resolve();
        await answered.promise;
      };
      const sql = await vault.openDatabase();
      const { export_id: id } = succeeded(await ask()).json;
      await arrived.promise;
      await auditWriter.kill();
      answered.resolve();
      bucket.beforePut = () => {};
      // The lease of the process that is gone is over.
      const [begun] = await sql`update audit.export set due_at = now() where id = ${id} returning status, file_count`;
      await sql.end();
      expect(begun).toEqual({ status: 'running', file_count: 2 });
      await auditWriter.start();
      const done = await endedExport(vault, id);
      expect(done).toMatchObject({ status: 'completed', error: null });
      const { code, report } = await verified(id);
      expect({ code, findings: report.findings, records: report.records }).toEqual({
        code: 0,
        findings: [],
        records: done.record_count,
      });
      expect([...bucket.files.keys()].filter((name) => name.includes(id)).toSorted()).toEqual(
        done.files.map(({ name }: { name: string }) => name).toSorted(),
      );
    });
  });
};
