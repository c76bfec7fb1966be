import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoggedRow } from '../audit-row.ts';
import { canonicalJson } from './canonical-json.ts';
import { canonicalRecord } from './canonical-record.ts';

const row: LoggedRow = {
  id: 'log_1',
  eventSeq: 7,
  tsMicros: Date.UTC(2026, 3, 23, 18) * 1000 + 123_456,
  action: 'read',
  identityType: 'user',
  identityId: 'user:zoë@x.example',
  secretPath: null,
  sourceIp: '192.0.2.1',
  userAgent: 'a "quoted" agent',
  success: false,
  errorCode: 'access_denied',
  policyId: null,
  durationMs: 3,
  requestId: 'req_1',
  extraData: '{"b":[1e2,{"z":1,"a":"\\u20ac"}],"a":null}',
};

describe('RFC 8785', () => {
  it.each([
    [
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    ],
    [
      String.raw`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ],
    ['[56,{"d":true,"10":null,"1":[]}]', '[56,{"1":[],"10":null,"d":true}]'],
  ])('has its examples (%#)', (input, expected) => {
    expect(canonicalJson(JSON.parse(input))).toBe(expected);
  });

  it('is what another implementation makes of any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
    );
  });
});

describe('a record', () => {
  it('is the RFC 8785 form of what the API shows', () => {
    const shown = {
      id: 'log_1',
      event_seq: 7,
      tenant_id: 'tnt_a',
      timestamp: '2026-04-23T18:00:00.123456Z',
      action: 'read',
      identity_type: 'user',
      identity_id: 'user:zoë@x.example',
      secret_path: null,
      source_ip: '192.0.2.1',
      user_agent: 'a "quoted" agent',
      success: false,
      error_code: 'access_denied',
      policy_id: null,
      duration_ms: 3,
      request_id: 'req_1',
      extra_data: JSON.parse(row.extraData),
    };
    expect(canonicalRecord('tnt_a', row)).toBe(canonicalize(shown));
  });

  it('of another content has another form, whatever has become of extra_data', () => {
    const changes: readonly Partial<LoggedRow>[] = [
      {},
      { id: 'log_2' },
      { eventSeq: 8 },
      { tsMicros: row.tsMicros + 1 },
      { action: 'write' },
      { identityType: 'system' },
      { identityId: 'user:zoe@x.example' },
      { secretPath: 'null' },
      { sourceIp: null },
      { userAgent: null },
      { success: true },
      { errorCode: null },
      { policyId: '' },
      { durationMs: 4 },
      { requestId: 'req_2' },
      ...['{}', '[]', 'null', '"x"', '', 'no JSON', '{"a":1}', '{"a":1,"a":1}', '{"a":2,"a":1}'].map((extraData) => ({
        extraData,
      })),
    ];
    const forms = changes.map((change) => canonicalRecord('tnt_a', { ...row, ...change }));
    expect(new Set([...forms, canonicalRecord('tnt_b', row)]).size).toBe(changes.length + 1);
  });
});
