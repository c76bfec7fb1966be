import type { Client } from '@connectrpc/connect';
import { AuditIngestService, AuditService } from '@scaivault/contracts';
import {
  createFakeSecrets,
  createTestDatabase,
  describeOnEveryWire,
  type StartedModule,
  startModule,
} from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createAuditWriterModule } from '../src/module.ts';
import { auditWriterMigrations } from '../src/store/migrations.ts';
import { encode, recordOf } from './open-log.ts';

describeOnEveryWire('audit-writer', (wire) => {
  let vault: StartedModule;
  let drop: () => Promise<void>;
  let ingest: Client<typeof AuditIngestService>;
  let audit: Client<typeof AuditService>;
  beforeAll(async () => {
    const database = await createTestDatabase({ migrations: [auditWriterMigrations] });
    drop = () => database.drop();
    const env = { DATABASE_URL: database.url, DATABASE_POOL_SIZE: '4', AUDIT_SEAL_INTERVAL: '1s' };
    const peers = { secrets: createFakeSecrets('audit-writer').transport };
    vault = await startModule({ wire, create: createAuditWriterModule, env, peers });
    ingest = await vault.peer(AuditIngestService, 'secrets');
    audit = await vault.client(AuditService);
  });
  afterAll(async () => {
    await vault[Symbol.asyncDispose]();
    await drop();
  });

  it('answers with the number of new rows once they are stored, and shows them as they were', async () => {
    const timestampMicros = BigInt(Date.now()) * 1000n - 654_321n;
    const extraData = new TextEncoder().encode('{"b":1,"a":1e2}');
    const record = recordOf({ timestampMicros, extraData, policyId: 'pol_1' });
    const records = [encode(record)];
    expect(await ingest.ingestAuditRecords({ records })).toMatchObject({ stored: 1 });
    expect(await ingest.ingestAuditRecords({ records })).toMatchObject({ stored: 0 });
    const { logs, hasMore, cursor } = await audit.queryAuditLogs({});
    expect({ hasMore, cursor }).toEqual({ hasMore: false, cursor: undefined });
    expect(logs).toHaveLength(1);
    expect(logs[0]).toMatchObject({
      id: record.id,
      eventSeq: 1n,
      tenantId: 'tnt_a',
      timestamp: { seconds: timestampMicros / 1_000_000n, nanos: Number(timestampMicros % 1_000_000n) * 1000 },
      action: 'read',
      identityType: 'service_account',
      identityId: 'sa:ci',
      secretPath: 'app/db',
      sourceIp: '192.0.2.1',
      userAgent: 'curl/8',
      success: true,
      policyId: 'pol_1',
      durationMs: 3,
      requestId: record.requestId,
    });
    expect(logs[0]?.errorCode).toBeUndefined();
    expect(new TextDecoder().decode(logs[0]?.extraData)).toBe('{"b":1,"a":1e2}');
  });

  it('shows an empty extra_data as an empty object and leaves out what a row has not', async () => {
    const { secretPath: _path, sourceIp: _ip, userAgent: _agent, ...bare } = recordOf({ action: 'auth_failed' });
    await ingest.ingestAuditRecords({ records: [encode(bare as never)] });
    const { logs } = await audit.queryAuditLogs({ action: ['auth_failed'] });
    for (const field of ['secretPath', 'sourceIp', 'userAgent', 'errorCode', 'policyId'] as const)
      expect(logs[0]?.[field]).toBeUndefined();
    expect(new TextDecoder().decode(logs[0]?.extraData)).toBe('{}');
  });

  it('counts a record that cannot be read as taken and raises the alarm without its bytes', async () => {
    const records = [new TextEncoder().encode('hunter2'), encode(recordOf())];
    expect(await ingest.ingestAuditRecords({ records })).toMatchObject({ stored: 1 });
    const alarm = vault.logLines.find((line) => line.includes('audit_record_quarantined'));
    expect(JSON.parse(alarm ?? '{}')).toMatchObject({ level: 50, records: 1, reasons: ['not an audit record'] });
    expect(alarm).not.toContain('hunter2');
  });

  it('takes an empty batch', async () => {
    expect(await ingest.ingestAuditRecords({ records: [] })).toMatchObject({ stored: 0 });
  });

  it('pages through the answers', async () => {
    const records = [1, 2, 3, 4, 5].map(() => encode(recordOf({ action: 'rotate' })));
    await ingest.ingestAuditRecords({ records });
    const first = await audit.queryAuditLogs({ action: ['rotate'], limit: 3, order: 'asc' });
    expect(first).toMatchObject({ hasMore: true, cursor: expect.any(String) });
    const { cursor = '' } = first;
    const second = await audit.queryAuditLogs({ action: ['rotate'], limit: 3, order: 'asc', cursor });
    expect([second.hasMore, second.cursor]).toEqual([false, undefined]);
    const numbers = [...first.logs, ...second.logs].map(({ eventSeq }) => eventSeq);
    expect(numbers).toHaveLength(5);
    expect(numbers).toEqual(numbers.toSorted((a, b) => Number(a - b)));
    await expect(audit.queryAuditLogs({ limit: 3, order: 'asc', cursor })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it('shows nobody the rows of another tenant', async () => {
    const foreign = recordOf({ tenantId: 'tnt_b' });
    await ingest.ingestAuditRecords({ records: [encode(foreign)] });
    const ids = async (client: Client<typeof AuditService>) =>
      (await client.queryAuditLogs({ limit: 1000 })).logs.map(({ id }) => id);
    expect(await ids(audit)).not.toContain(foreign.id);
    expect(await ids(await vault.client(AuditService, { tenant_id: 'tnt_b' }))).toEqual([foreign.id]);
  });

  it('refuses a bad query', async () => {
    for (const [request, code] of [
      [{ from: '2025-01-02T00:00:00Z', to: '2025-01-01T00:00:00Z' }, 'validation_error'],
      [{ from: 'yesterday' }, 'validation_error'],
      [{ limit: 0 }, 'validation_error'],
      [{ order: 'up' }, 'validation_error'],
      [{ sourceIp: 'here' }, 'validation_error'],
      [{ pathPrefix: 'a//b' }, 'invalid_path'],
      [{ cursor: 'nonsense' }, 'invalid_cursor'],
    ] as const) {
      await expect(audit.queryAuditLogs(request)).rejects.toMatchObject({ code });
    }
  });

  it('takes a window and a prefix as they are written on the wire', async () => {
    const record = recordOf({
      timestampMicros: BigInt(Date.parse('2024-06-01T00:00:00Z')) * 1000n,
      secretPath: 'team/db',
    });
    await ingest.ingestAuditRecords({ records: [encode(record)] });
    const window = { from: '2024-06-01T02:00:00+02:00', to: '2024-06-01T00:00:00.000001Z' };
    expect((await audit.queryAuditLogs({ ...window, pathPrefix: 'team' })).logs).toHaveLength(1);
    expect((await audit.queryAuditLogs({ ...window, pathPrefix: 'tea' })).logs).toHaveLength(0);
  });

  it('needs the scope audit:read to be read, and leaves a row itself', async () => {
    const client = await vault.client(AuditService, { scope: 'secrets:read' });
    await expect(client.queryAuditLogs({})).rejects.toMatchObject({ code: 'insufficient_scope' });
    await audit.queryAuditLogs({ pathPrefix: 'app/' });
    expect(vault.journal.outcomes.at(-1)).toMatchObject({ action: 'audit_read', secretPath: 'app/', success: true });
  });

  it('shows the trail of a path and of an identity, with what became of them', async () => {
    const micros = BigInt(Date.now()) * 1000n - 60_000_000n;
    const of = (more: object) =>
      encode(recordOf({ secretPath: 'partner/trail', identityId: 'user:t@a.example', ...more }));
    const denied = { success: false, errorCode: 'access_denied', action: 'read' };
    await ingest.ingestAuditRecords({
      records: [
        of({ timestampMicros: micros }),
        of({ ...denied, timestampMicros: micros + 1n }),
        of({ action: 'write' }),
      ],
    });
    const first = await audit.readSecretTrail({ path: 'partner/trail', limit: 2 });
    expect(first).toMatchObject({
      path: 'partner/trail',
      summary: { reads: 1n, writes: 1n, denied: 1n, uniqueIdentities: 1n },
      hasMore: true,
    });
    expect(first.summary?.lastReadAt).toEqual(expect.objectContaining({ seconds: micros / 1_000_000n }));
    expect(first.logs.map(({ action, success }) => [action, success])).toEqual([
      ['write', true],
      ['read', false],
    ]);
    const rest = await audit.readSecretTrail({ path: 'partner/trail', limit: 2, cursor: first.cursor ?? '' });
    expect([rest.logs.length, rest.hasMore]).toEqual([1, false]);
    await expect(audit.readSecretTrail({ path: 'partner/other', cursor: first.cursor ?? '' })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });

    const identity = await audit.readIdentityTrail({ identityId: 'user:t@a.example' });
    expect(identity).toMatchObject({ summary: { totalEvents: 3n, denied: 1n, uniquePaths: 1n }, hasMore: false });
    expect(identity.logs).toHaveLength(3);
    expect(vault.journal.outcomes.at(-1)).toMatchObject({ action: 'audit_read', success: true });
  });

  it('has an empty trail of what nobody has touched, and refuses what is no path', async () => {
    const trail = await audit.readSecretTrail({ path: 'never/seen' });
    expect(trail).toMatchObject({ summary: { reads: 0n, uniqueIdentities: 0n }, logs: [], hasMore: false });
    expect(trail.summary?.lastReadAt).toBeUndefined();
    for (const path of ['', 'a//b', 'A', 'app/'])
      await expect(audit.readSecretTrail({ path })).rejects.toMatchObject({
        code: expect.stringMatching(/^invalid_path|validation_error$/),
      });
  });

  it('counts what is in a window', async () => {
    const client = await vault.client(AuditService, { tenant_id: 'tnt_b' });
    const micros = BigInt(Date.parse('2024-05-05T05:05:05Z')) * 1000n;
    await ingest.ingestAuditRecords({
      records: ['read', 'write'].map((action) =>
        encode(recordOf({ tenantId: 'tnt_b', action, timestampMicros: micros })),
      ),
    });
    const window = { from: '2024-05-05T05:00:00Z', to: '2024-05-05T05:06:00Z' };
    expect(await client.summarizeAuditLogs(window)).toMatchObject({
      totalEvents: 2n,
      successfulEvents: 2n,
      failedEvents: 0n,
      uniqueIdentities: 1n,
      uniquePaths: 1n,
      byAction: { read: 1n, write: 1n },
      byErrorCode: {},
    });
    await expect(client.summarizeAuditLogs({ from: window.to, to: window.from })).rejects.toMatchObject({
      code: 'validation_error',
    });
  });

  it('keeps rows as long as the tenant says, and as the installation says until then', async () => {
    const admin = await vault.client(AuditService, { scope: 'admin' });
    expect(await admin.readAuditSettings({})).toMatchObject({ retentionDays: 400 });
    expect(await admin.setAuditSettings({ retentionDays: 30 })).toMatchObject({ retentionDays: 30 });
    expect(await admin.readAuditSettings({})).toMatchObject({ retentionDays: 30 });
    expect(vault.journal.outcomes.at(-2)).toMatchObject({ action: 'audit_settings_update', success: true });
    for (const retentionDays of [29, 3_651, 0])
      await expect(admin.setAuditSettings({ retentionDays })).rejects.toMatchObject({ code: 'validation_error' });
    await expect(admin.setAuditSettings({})).rejects.toMatchObject({ code: 'validation_error' });
    await expect(audit.setAuditSettings({ retentionDays: 30 })).rejects.toMatchObject({ code: 'insufficient_scope' });
    const other = await vault.client(AuditService, { tenant_id: 'tnt_b' });
    expect(await other.readAuditSettings({})).toMatchObject({ retentionDays: 400 });
  });

  it('carries out a change with an Idempotency-Key once', async () => {
    const headers = { 'idempotency-key': `k-${wire}` };
    const admin = await vault.client(AuditService, { scope: 'admin' }, headers);
    await admin.setAuditSettings({ retentionDays: 90 });
    await (await vault.client(AuditService, { scope: 'admin' })).setAuditSettings({ retentionDays: 60 });
    expect(await admin.setAuditSettings({ retentionDays: 90 })).toMatchObject({ retentionDays: 90 });
    expect(await admin.readAuditSettings({})).toMatchObject({ retentionDays: 60 });
  });

  it.each(['pki', 'leases'] as const)('takes no records from %s, whose journal does not ship here', async (name) => {
    const stranger = await vault.peer(AuditIngestService, name);
    const record = recordOf({ action: 'forged' });
    await expect(stranger.ingestAuditRecords({ records: [encode(record)] })).rejects.toMatchObject({
      code: 'forbidden',
      details: { reason: 'peer_not_allowed' },
    });
    expect((await audit.queryAuditLogs({ action: ['forged'] })).logs).toEqual([]);
  });

  it('proves a record once it is sealed, and verifies the log', async () => {
    const client = await vault.client(AuditService, { tenant_id: 'tnt_z' });
    const record = recordOf({ tenantId: 'tnt_z' });
    await ingest.ingestAuditRecords({ records: [encode(record)] });
    await expect(client.proveRecord({ logId: record.id })).rejects.toMatchObject({
      code: 'checkpoint_not_found',
      details: { reason: 'not_sealed' },
    });
    const proof = await vi.waitFor(() => client.proveRecord({ logId: record.id }), { timeout: 15_000, interval: 100 });
    expect(proof).toMatchObject({ log: { id: record.id }, auditPath: [], leafHash: proof.checkpoint?.rootHash });
    const { checkpoints } = await client.listCheckpoints({});
    expect(checkpoints).toEqual([proof.checkpoint]);
    expect(checkpoints[0]).toMatchObject({ firstEventSeq: 1n, lastEventSeq: 1n, recordCount: 1, algorithm: 'Ed25519' });
    const checkpointId = checkpoints[0]?.id ?? '';
    expect(await client.readCheckpoint({ checkpointId })).toMatchObject({ leafHashes: proof.leafHash });
    expect(await client.verifyCheckpoints({})).toMatchObject({
      valid: true,
      checkedCheckpoints: 1n,
      checkedRecords: 1n,
    });
    expect(vault.journal.outcomes.at(-1)).toMatchObject({ action: 'audit_verify', success: true });
    const { keys } = await client.listAuditKeys({});
    expect(keys).toMatchObject([{ kty: 'OKP', crv: 'Ed25519', kid: checkpoints[0]?.keyId, alg: 'EdDSA' }]);

    const stranger = await vault.client(AuditService, { tenant_id: 'tnt_b' });
    for (const [asker, id] of [
      [stranger, checkpointId],
      [client, 'chk_x'],
    ] as const)
      await expect(asker.readCheckpoint({ checkpointId: id })).rejects.toMatchObject({ code: 'checkpoint_not_found' });
    for (const [asker, logId] of [
      [stranger, record.id],
      [client, 'log_x'],
    ] as const)
      await expect(asker.proveRecord({ logId })).rejects.toMatchObject({
        code: 'not_found',
        details: { resource: 'audit_log' },
      });
  });

  it('says that its database is there', async () => {
    await vault.module.checks.database?.();
  });
});
