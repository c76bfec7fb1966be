import type { Client } from '@connectrpc/connect';
import { AuditIngestService, AuditService } from '@scaivault/contracts';
import { createTestDatabase, describeOnEveryWire, type StartedModule, startModule } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
    const env = { DATABASE_URL: database.url, DATABASE_POOL_SIZE: '4' };
    vault = await startModule({ wire, create: createAuditWriterModule, env });
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

  it.each(['pki', 'leases', 'events'] as const)(
    'takes no records from %s, whose journal does not ship here',
    async (name) => {
      const stranger = await vault.peer(AuditIngestService, name);
      const record = recordOf({ action: 'forged' });
      await expect(stranger.ingestAuditRecords({ records: [encode(record)] })).rejects.toMatchObject({
        code: 'forbidden',
        details: { reason: 'peer_not_allowed' },
      });
      expect((await audit.queryAuditLogs({ action: ['forged'] })).logs).toEqual([]);
    },
  );

  it('says that its database is there', async () => {
    await vault.module.checks.database?.();
  });
});
