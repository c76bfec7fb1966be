import { describe, expect, it } from 'vitest';
import { csvCell, csvHeader, csvRow } from './csv-row.ts';

describe('a cell', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['\r=1', '"\'\r=1"'],
    ['\n=1', '"\'\n=1"'],
    ['＝1', "'＝1"],
    ["'=1", "''=1"],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
  ])('%j is written as %j, which is no formula', (value, written) => {
    expect(csvCell(value)).toBe(written);
  });

  it.each([
    ['plain', 'plain'],
    ['a=b', 'a=b'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['', ''],
    [null, ''],
    [-3, '-3'],
    [true, 'true'],
  ])('%j is written as %j', (value, written) => {
    expect(csvCell(value)).toBe(written);
  });
});

it('has a line for a record, under a header that never changes', () => {
  expect(csvHeader).toBe(
    'event_seq,id,tenant_id,timestamp,action,identity_type,identity_id,secret_path,source_ip,user_agent,success,' +
      'error_code,policy_id,duration_ms,request_id,extra_data\r\n',
  );
  const row = csvRow('tnt_a', {
    eventSeq: 7,
    id: 'log_1',
    tsMicros: Date.UTC(2026, 0, 2) * 1000 + 5,
    action: 'read',
    identityType: 'user',
    identityId: '=cmd@evil.example',
    secretPath: 'app/db',
    sourceIp: null,
    userAgent: 'a, b',
    success: false,
    errorCode: 'access_denied',
    policyId: null,
    durationMs: 3,
    requestId: 'req_1',
    extraData: '{"a":1}',
  });
  expect(row).toBe(
    '7,log_1,tnt_a,2026-01-02T00:00:00.000005Z,read,user,\'=cmd@evil.example,app/db,,"a, b",false,access_denied,,3,' +
      'req_1,"{""a"":1}"\r\n',
  );
});
