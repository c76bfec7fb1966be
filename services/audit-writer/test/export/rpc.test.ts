import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '@connectrpc/connect';
import { AuditIngestService, AuditService } from '@scaivault/contracts';
import {
  createFakeSecrets,
  createTestDatabase,
  describeOnEveryWire,
  type FakeSecrets,
  type StartedModule,
  startModule,
} from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createAuditWriterModule } from '../../src/module.ts';
import { auditWriterMigrations } from '../../src/store/migrations.ts';
import { encode, recordOf } from '../open-log.ts';

const path = 'export/bucket';
const canary = 'canary-of-the-bucket';
const at = (offsetMs: number): string => new Date(Date.now() + offsetMs).toISOString();
const day = 86_400_000;
const asked = (more: object = {}, destination: object = {}) => ({
  from: at(-day),
  to: at(day),
  format: 'jsonl',
  destination: { type: 's3', bucket: 'trail', credentialsPath: path, ...destination },
  ...more,
});

describeOnEveryWire('exports', (wire) => {
  let vault: StartedModule;
  let drop: () => Promise<void>;
  let secrets: FakeSecrets;
  let audit: Client<typeof AuditService>;
  /** Takes every file. */
  let store: Server;
  const files = new Map<string, string>();
  beforeAll(async () => {
    store = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        files.set(request.url ?? '', Buffer.concat(pieces).toString());
        response.end();
      });
    });
    store.listen(0, '127.0.0.1');
    await once(store, 'listening');
    const database = await createTestDatabase({ migrations: [auditWriterMigrations] });
    drop = () => database.drop();
    secrets = createFakeSecrets('audit-writer');
    secrets.secrets.set(path, {
      endpoint: `http://127.0.0.1:${(store.address() as AddressInfo).port}`,
      access_key_id: 'key',
      secret_access_key: canary,
    });
    vault = await startModule({
      wire,
      create: createAuditWriterModule,
      env: {
        DATABASE_URL: database.url,
        DATABASE_POOL_SIZE: '4',
        AUDIT_SEAL_INTERVAL: '1s',
        OUTBOUND_ALLOWED_CIDRS: '127.0.0.0/8',
        RATE_LIMIT_AUDIT_EXPORT: '0',
      },
      peers: { secrets: secrets.transport },
    });
    audit = await vault.client(AuditService);
    const ingest = await vault.peer(AuditIngestService, 'secrets');
    await ingest.ingestAuditRecords({
      records: ['read', 'write', 'write'].map((action) => encode(recordOf({ action }))),
    });
  });
  afterAll(async () => {
    await vault[Symbol.asyncDispose]();
    await drop();
    store.closeAllConnections();
    store.close();
  });

  const ended = (exportId: string) =>
    vi.waitFor(
      async () => {
        const found = await audit.readExport({ exportId });
        expect(['completed', 'failed']).toContain(found.status);
        return found;
      },
      { timeout: 15_000, interval: 50 },
    );

  it('takes an export on with the credentials that the caller may read, and carries it out', async () => {
    const client = await vault.client(AuditService, {}, { 'x-scaivault-source-ip': '203.0.113.9' });
    const header = new Headers();
    const { exportId, status, estimatedRecords } = await client.createExport(
      asked({ filters: { action: ['write'], success: true, identityId: 'sa:ci' } }),
      {
        onHeader: (got) => {
          header.set('location', got.get('location') ?? '');
        },
      },
    );
    expect([exportId, status, estimatedRecords]).toEqual([expect.stringMatching(/^exp_/), 'pending', 2n]);
    expect(header.get('location')).toBe(`/v1/audit/exports/${exportId}`);
    const [told] = secrets.reads;
    expect(told?.get('authorization')).toMatch(/^Bearer /);
    expect([told?.get('x-tenant-id'), told?.get('x-scaivault-source-ip')]).toEqual(['tnt_a', '203.0.113.9']);
    const row = vault.journal.outcomes.at(-1);
    expect(row).toMatchObject({ action: 'export_created', secretPath: path, success: true });
    expect(JSON.parse(new TextDecoder().decode(row?.extraData))).toEqual({
      export_id: exportId,
      format: 'jsonl',
      destination_type: 's3',
      bucket: 'trail',
    });
    expect(await ended(exportId)).toMatchObject({
      status: 'completed',
      format: 'jsonl',
      recordCount: 2n,
      files: [
        { name: `${exportId}/export.json`, records: 0n },
        { name: `${exportId}/records-00001.jsonl`, records: 2n },
        { name: `${exportId}/checkpoints-00001.jsonl`, records: 0n },
        { name: `${exportId}/keys.json`, records: 0n },
        { name: `${exportId}/manifest.json`, records: 0n },
      ],
      checkpointIds: [expect.stringMatching(/^chk_/)],
    });
    expect(JSON.parse(files.get(`/trail/${exportId}/export.json`) ?? '')).toMatchObject({ export_id: exportId });
  });

  it('lists exports page by page, newest first, and nobody elses', async () => {
    const stranger = await vault.client(AuditService, { tenant_id: 'tnt_b' });
    const ids: string[] = [];
    for (const bucket of ['one', 'two']) ids.unshift((await audit.createExport(asked({}, { bucket }))).exportId);
    const first = await audit.listExports({ limit: 1 });
    const rest = await audit.listExports({ limit: 1, cursor: first.cursor ?? '' });
    expect([...first.exports, ...rest.exports].map(({ exportId }) => exportId)).toEqual(ids);
    expect([first.hasMore, (await audit.listExports({})).hasMore]).toEqual([true, false]);
    expect(await stranger.listExports({})).toMatchObject({ exports: [], hasMore: false });
    await expect(stranger.listExports({ cursor: first.cursor ?? '' })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
    for (const [client, exportId] of [
      [stranger, ids[0] ?? ''],
      [audit, 'exp_none'],
    ] as const) {
      await expect(client.readExport({ exportId })).rejects.toMatchObject({ code: 'export_not_found' });
    }
    for (const exportId of ids) await ended(exportId);
  });

  it('carries out a request with an Idempotency-Key once', async () => {
    const client = await vault.client(AuditService, {}, { 'idempotency-key': `export-${wire}` });
    const request = asked({}, { bucket: 'once' });
    const reads = secrets.reads.length;
    const { exportId } = await client.createExport(request);
    expect(await client.createExport(request)).toMatchObject({ exportId });
    expect(secrets.reads.length - reads).toBe(1);
    await expect(client.createExport({ ...request, format: 'csv' })).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
    await ended(exportId);
  });

  it('refuses what is no export before anything is read', async () => {
    const reads = secrets.reads.length;
    for (const [request, code] of [
      [asked({ from: '2025-01-02T00:00:00Z', to: '2025-01-01T00:00:00Z' }), 'validation_error'],
      [asked({ from: '2024-01-01T00:00:00Z', to: '2025-02-05T00:00:00.000001Z' }), 'validation_error'],
      [asked({ to: '' }), 'validation_error'],
      [asked({ format: 'xml' }), 'validation_error'],
      [asked({}, { type: 'ftp' }), 'validation_error'],
      [asked({}, { bucket: '' }), 'validation_error'],
      [asked({}, { bucket: 'x'.repeat(256) }), 'validation_error'],
      [asked({}, { bucket: 'a/b' }), 'invalid_config'],
      [asked({}, { prefix: '../up' }), 'invalid_config'],
      [asked({}, { credentialsPath: 'A' }), 'invalid_path'],
      [asked({}, { credentialsPath: 'partner/x' }), 'invalid_path'],
      [asked({ destination: undefined }), 'validation_error'],
      [asked({ filters: { pathPrefix: 'a//b' } }), 'invalid_path'],
    ] as const) {
      await expect(audit.createExport(request), JSON.stringify(request)).rejects.toMatchObject({ code });
    }
    expect(await audit.createExport(asked({ from: '2024-01-01T00:00:00Z', to: '2025-02-04T00:00:00Z' }))).toMatchObject(
      {
        estimatedRecords: 0n,
      },
    );
    expect(secrets.reads.length - reads).toBe(1);
  });

  it('needs the scope and the permission to read the secret, and reads nothing for who has them not', async () => {
    const reads = secrets.reads.length;
    const reader = await vault.client(AuditService, { scope: 'audit:read secrets:read' });
    for (const call of [
      () => reader.createExport(asked()),
      () => reader.listExports({}),
      () => reader.readExport({ exportId: 'exp_x' }),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'insufficient_scope' });
    const bob = await vault.client(AuditService, { sub: 'usr_bob', email: 'bob@a.example', roles: [] });
    await expect(bob.createExport(asked())).rejects.toMatchObject({ code: 'access_denied' });
    expect(vault.journal.outcomes.at(-1)).toMatchObject({
      action: 'export_created',
      secretPath: path,
      errorCode: 'access_denied',
    });
    expect(secrets.reads.length).toBe(reads);
    await expect(audit.createExport(asked({}, { credentialsPath: 'export/none' }))).rejects.toMatchObject({
      code: 'secret_not_found',
    });
  });

  it('tells nobody what the secret holds', async () => {
    const told = [
      ...vault.logLines,
      ...files.values(),
      String(vault.journal.outcomes.map(({ extraData }) => new TextDecoder().decode(extraData))),
    ].join();
    expect(told).not.toContain(canary);
  });
});
