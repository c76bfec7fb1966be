import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type AuditRecord, AuditRecordSchema } from '@scaivault/contracts';
import { createMetrics } from '@scaivault/runtime';
import { nowMicros } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { extraOf } from '../../test/open-probe.ts';
import type { RequestInfo } from '../request-info.ts';
import { abandonedRecord, createAuditTrail } from './audit-trail.ts';

const request = (startedMicros = nowMicros()): RequestInfo => ({
  requestId: 'req_1',
  clientRequestId: undefined,
  sourceIp: '10.0.0.1',
  userAgent: 'curl/8',
  startedMicros,
});
const subject = {
  tenantId: 'tnt_a',
  identityType: 'user',
  identityId: 'user:bob',
  action: 'read',
  secretPath: 'app/db',
  policyId: 'pol_1',
};

const stage = (strict: boolean, storeFails = false) => {
  const events: string[] = [];
  const written: AuditRecord[] = [];
  const keep = (name: string) => async (id: string, bytes: Uint8Array) => {
    const record = fromBinary(AuditRecordSchema, bytes);
    expect(record.id).toBe(id);
    events.push(name);
    written.push(record);
  };
  const store = async (records: readonly Uint8Array[]): Promise<void> => {
    events.push(`store ${records.length}`);
    if (storeFails) throw new Error('canary');
  };
  const withdraw = async (): Promise<void> => void events.push('withdraw');
  const journal = { intent: keep('intent'), outcome: keep('outcome'), withdraw, record: keep('record') };
  const metrics = createMetrics('test', '0', '0');
  const trail = createAuditTrail({ journal, metrics, ...(strict ? { store } : {}) });
  return { trail, events, written, metrics };
};

describe('createAuditTrail', () => {
  it('writes intent and outcome of one row, with what became of it', async () => {
    const { trail, events, written, metrics } = stage(false);
    const open = await trail.open(request(nowMicros() - 5_000_000), subject, { resource: 'policy' });
    expect(events).toEqual(['intent']);
    await open.close({ ok: false, code: 'secret_expired' }, { resource: 'policy', version: 3 });
    expect(events).toEqual(['intent', 'outcome']);
    const [intent, outcome] = written;
    expect(extraOf(intent)).toEqual({ resource: 'policy' });
    expect(outcome).toMatchObject({ ...subject, id: intent?.id, success: false, errorCode: 'secret_expired' });
    expect(outcome?.timestampMicros).toBe(intent?.timestampMicros);
    expect(outcome?.durationMs).toBeGreaterThanOrEqual(5_000);
    expect(outcome?.durationMs).toBeLessThan(7_000);
    expect(extraOf(outcome)).toEqual({ resource: 'policy', version: 3 });
    expect(await metrics.render()).toContain('audit_rows_total{success="false",service="test"} 1');
  });

  it('never tells of a negative duration', async () => {
    const { trail, written } = stage(false);
    await trail.note(request(nowMicros() + 5_000_000), subject, 'access_denied', {});
    expect(written[0]?.durationMs).toBe(0);
    expect(extraOf(written[0])).toEqual({});
  });

  it('waits for the committed row in strict mode', async () => {
    const { trail, events } = stage(true);
    const open = await trail.open(request(), subject, {});
    await open.close({ ok: true }, {});
    await trail.note(request(), subject, 'access_denied', {});
    expect(events).toEqual(['intent', 'outcome', 'store 1', 'record', 'store 1']);
  });

  it('is audit_unavailable when the row cannot be committed in strict mode', async () => {
    const { trail, events } = stage(true, true);
    const open = await trail.open(request(), subject, {});
    const refusal = { code: 'audit_unavailable', retryAfterSeconds: 1, message: expect.not.stringContaining('canary') };
    await expect(open.close({ ok: true }, {})).rejects.toMatchObject(refusal);
    await expect(trail.note(request(), subject, 'x', {})).rejects.toMatchObject(refusal);
    expect(events).toEqual(['intent', 'outcome', 'store 1', 'record', 'store 1']);
  });
});

describe('abandonedRecord', () => {
  it('says that nobody knows what became of it, under the same id', async () => {
    const { trail, written } = stage(false);
    await trail.open(request(), subject, { resource: 'policy' });
    const [intent] = written;
    const row = fromBinary(AuditRecordSchema, abandonedRecord(toBinary(AuditRecordSchema, intent as AuditRecord)));
    expect(row).toMatchObject({ id: intent?.id, success: false, errorCode: 'unknown', secretPath: 'app/db' });
    expect(extraOf(row)).toEqual({ resource: 'policy', outcome: 'unknown' });
  });
});
