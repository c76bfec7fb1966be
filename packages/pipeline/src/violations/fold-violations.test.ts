import { parseTenantId } from '@scaivault/tenancy';
import { beforeEach, expect, it } from 'vitest';
import { createViolationFold, type FoldedViolation, type Violation, type ViolationFold } from './fold-violations.ts';

let now: number;
let told: FoldedViolation[];
let fold: ViolationFold;
beforeEach(() => {
  now = 0;
  told = [];
  fold = createViolationFold({ tell: (violation) => told.push(violation), nowMs: () => now, most: 3 });
});

const refused = (policyPath: string, requestId = 'req_1'): Violation => ({
  caller: { tenantId: parseTenantId('tnt_a'), identityId: 'sa:ci', request: { requestId, sourceIp: '192.0.2.1' } },
  policyPath,
  permission: 'read',
  errorCode: 'access_denied',
  failedCondition: null,
});
const seen = () => told.map(({ policyPath, count, caller }) => [policyPath, count, caller.request.requestId]);
const pass = (ms: number): void => {
  now += ms;
  fold.sweep();
};

it('tells the first at once and the others as one when a minute is over', () => {
  fold.note(refused('a', 'req_1'));
  fold.note(refused('a', 'req_2'));
  fold.note(refused('a', 'req_3'));
  pass(59_999);
  expect(seen()).toEqual([['a', 1, 'req_1']]);
  pass(1);
  expect(seen()).toEqual([
    ['a', 1, 'req_1'],
    ['a', 2, 'req_3'],
  ]);
});

it('tells what goes on once a minute, and nothing when it has stopped', () => {
  fold.note(refused('a'));
  for (let minute = 0; minute < 3; minute += 1) {
    for (let n = 0; n < 10; n += 1) fold.note(refused('a'));
    pass(60_000);
  }
  pass(60_000);
  pass(60_000);
  expect(seen().map(([, count]) => count)).toEqual([1, 10, 10, 10]);
  fold.note(refused('a'));
  expect(seen()).toHaveLength(5);
});

it.each([
  ['path', { policyPath: 'b' }],
  ['permission', { permission: 'write' }],
  ['code', { errorCode: 'mfa_required' }],
  ['condition', { failedCondition: 'ip_ranges' }],
  ['identity', { caller: { ...refused('a').caller, identityId: 'sa:other' } }],
  ['tenant', { caller: { ...refused('a').caller, tenantId: parseTenantId('tnt_b') } }],
  ['address', { caller: { ...refused('a').caller, request: { requestId: 'req_1', sourceIp: '192.0.2.2' } } }],
])('holds those with another %s apart', (_what, other) => {
  fold.note(refused('a'));
  fold.note({ ...refused('a'), ...other });
  expect(told).toHaveLength(2);
});

it('remembers a bounded number, and tells what it forgets', () => {
  for (const path of ['a', 'a', 'a', 'b', 'c', 'd', 'e']) fold.note(refused(path));
  expect(seen().map(([path, count]) => [path, count])).toEqual([
    ['a', 1],
    ['b', 1],
    ['c', 1],
    ['a', 2],
    ['d', 1],
    ['e', 1],
  ]);
});
