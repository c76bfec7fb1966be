import { create } from '@bufbuild/protobuf';
import { EmptySchema, timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  AuditService,
  BatchReadResponseSchema,
  BatchSecretSchema,
  IdentityService,
  ListSecretsResponseSchema,
  LookupCallerResponseSchema,
  PolicySchema,
  PolicyService,
  PreviewResponseSchema,
  QueryAuditLogsResponseSchema,
  ReceiveScaiKeyEventResponseSchema,
  SecretMetadataSchema,
  SecretPoliciesService,
  SecretSchema,
  SecretsService,
  SubscriptionService,
  WebhookService,
  WebhookStatisticsSchema,
} from '@scaivault/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileEncoder } from './encode.ts';

const at = timestampFromDate(new Date('2026-03-01T10:20:30.987Z'));

describe('encoding an answer', () => {
  it('compiles for every method of the contract', () => {
    const services = [
      SecretsService,
      SecretPoliciesService,
      PolicyService,
      AuditService,
      IdentityService,
      WebhookService,
      SubscriptionService,
    ];
    for (const service of services) {
      for (const method of service.methods) expect(compileEncoder(method.output)).toBeTypeOf('function');
    }
  });

  it('writes names in the order of the contract, nulls for what is unset, raw values as they are', () => {
    const secret = create(SecretSchema, {
      path: 'env/db',
      secretType: 'kv',
      version: 3,
      data: Buffer.from('{"n":1e400,"k":"\\u00e9é"}'),
      metadata: Buffer.from('{}'),
      createdAt: at,
      updatedAt: at,
    });
    expect(compileEncoder(SecretSchema)(secret)).toBe(
      '{"path":"env/db","secret_type":"kv","version":3,"data":{"n":1e400,"k":"\\u00e9é"},"metadata":{},' +
        '"created_at":"2026-03-01T10:20:30Z","updated_at":"2026-03-01T10:20:30Z","expires_at":null,' +
        '"last_accessed_at":null,"rotation_policy_id":null,"secret_policy_id":null}',
    );
  });

  it('writes empty lists, false, zero and nested messages', () => {
    const encode = compileEncoder(ListSecretsResponseSchema);
    expect(encode(create(ListSecretsResponseSchema))).toBe('{"secrets":[],"cursor":null,"has_more":false}');
    const two = create(ListSecretsResponseSchema, {
      secrets: [{ path: 'a' }, { path: 'b' }],
      cursor: 'c',
      hasMore: true,
    });
    expect(JSON.parse(encode(two))).toMatchObject({
      secrets: [{ path: 'a', version: 0, metadata: null, created_at: null }, { path: 'b' }],
      cursor: 'c',
      has_more: true,
    });
    const metadata = create(SecretMetadataSchema, { notifyBefore: ['30d', '7d'], rotation: { status: 'ok' } });
    expect(JSON.parse(compileEncoder(SecretMetadataSchema)(metadata))).toMatchObject({
      notify_before: ['30d', '7d'],
      rotation: { status: 'ok', last_rotated_at: null, next_rotation_at: null },
    });
  });

  it('leaves out what the contract leaves out when unset', () => {
    const encode = compileEncoder(ReceiveScaiKeyEventResponseSchema);
    expect(encode(create(ReceiveScaiKeyEventResponseSchema, { handled: true, eventId: 'e' }))).toBe(
      '{"handled":true,"event_id":"e"}',
    );
    expect(encode(create(ReceiveScaiKeyEventResponseSchema, { eventId: 'e', stale: false }))).toBe(
      '{"handled":false,"event_id":"e","stale":false}',
    );
    expect(compileEncoder(EmptySchema)(create(EmptySchema))).toBe('{}');
  });

  it('writes a map as an object, each key a member of it whatever it is called', () => {
    const encode = compileEncoder(BatchReadResponseSchema);
    const secret = (version: number, metadata?: string) =>
      create(BatchSecretSchema, {
        data: Buffer.from('{"k":1e400}'),
        version,
        secretType: 'kv',
        ...(metadata === undefined ? {} : { metadata: Buffer.from(metadata) }),
      });
    const answer = create(BatchReadResponseSchema, {
      secrets: Object.fromEntries([
        ['__proto__', secret(1)],
        ['app/db', secret(2, '{}')],
      ]),
      errors: { 'No "Path"': { code: 'invalid_path', message: 'No.' } },
    });
    expect(encode(answer)).toBe(
      '{"secrets":{"__proto__":{"data":{"k":1e400},"version":1,"secret_type":"kv"},' +
        '"app/db":{"data":{"k":1e400},"version":2,"secret_type":"kv","metadata":{}}},' +
        '"errors":{"No \\"Path\\"":{"code":"invalid_path","message":"No."}},"summary":null}',
    );
    expect(encode(create(BatchReadResponseSchema))).toBe('{"secrets":{},"errors":{},"summary":null}');
  });

  it('writes a list of raw values as a list of the JSON they hold', () => {
    const samples = ['{"n":1e400}', '{"k":"\\u00e9"}'].map((text) => Buffer.from(text));
    const answer = create(PreviewResponseSchema, { samples, entropyBits: Buffer.from('{"n":12.5}') });
    expect(compileEncoder(PreviewResponseSchema)(answer)).toBe(
      '{"samples":[{"n":1e400},{"k":"\\u00e9"}],"entropy_bits":{"n":12.5}}',
    );
  });

  it('writes microseconds and long integers in full', () => {
    const timestamp = { seconds: 1767225600n, nanos: 123456789 };
    const answer = create(QueryAuditLogsResponseSchema, { logs: [{ eventSeq: 9007199254740993n, timestamp }] });
    const text = compileEncoder(QueryAuditLogsResponseSchema)(answer);
    expect(text).toContain('"event_seq":9007199254740993,');
    expect(text).toContain('"timestamp":"2026-01-01T00:00:00.123456Z"');
    const caller = create(LookupCallerResponseSchema, { caller: { mfaVoidBeforeMicros: -1n } });
    expect(compileEncoder(LookupCallerResponseSchema)(caller)).toContain('"mfa_void_before_micros":-1}');
  });

  it('writes a share as the shortest number that means it', () => {
    const encode = compileEncoder(WebhookStatisticsSchema);
    const shown = (successRate24h?: number) => JSON.parse(encode(create(WebhookStatisticsSchema, { successRate24h })));
    for (const share of [0, 0.1, 1 / 3, 1]) expect(shown(share).success_rate_24h).toBe(share);
    expect(encode(create(WebhookStatisticsSchema, { successRate24h: 0.1 }))).toContain('"success_rate_24h":0.1,');
    expect(shown()).toMatchObject({ deliveries_24h: 0, success_rate_24h: null, avg_latency_ms: null });
  });

  it('escapes strings so that any JSON parser gives them back', () => {
    const encode = compileEncoder(PolicySchema);
    const codeUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.string({ unit: codeUnit }), fc.string(), (name, description) => {
        expect(JSON.parse(encode(create(PolicySchema, { name, description })))).toMatchObject({ name, description });
      }),
    );
  });

  it('drops parts of a second for any instant', () => {
    const encode = compileEncoder(SecretSchema);
    const instant = fc.date({ min: new Date('1900-01-01'), max: new Date('2900-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(instant, (date) => {
        const createdAt = timestampFromDate(date);
        const { created_at: text } = JSON.parse(encode(create(SecretSchema, { createdAt }))) as { created_at: string };
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(Date.parse(text)).toBe(Math.floor(timestampDate(createdAt).getTime() / 1000) * 1000);
      }),
    );
  });
});
