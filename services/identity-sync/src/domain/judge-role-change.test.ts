import { expect, it } from 'vitest';
import { type AdminRole, rankOf, readRoles } from './admin-role.ts';
import { judgeRoleChange } from './judge-role-change.ts';

const judged = (callerRole: string | undefined, isOwn: boolean, current: string[], wanted: AdminRole[]): string => {
  const callerRoles = new Set(callerRole === undefined ? [] : [callerRole]);
  try {
    judgeRoleChange({ callerRoles, isOwn, current, wanted });
    return 'allowed';
  } catch (error) {
    return String((error as { details?: { reason?: string } }).details?.reason);
  }
};

const table: readonly [string, string | undefined, boolean, string[], AdminRole[], string][] = [
  ['nobody gives', undefined, false, [], ['tenant_admin'], 'partner_admin_required'],
  ['a tenant_admin gives', 'tenant_admin', false, [], ['tenant_admin'], 'partner_admin_required'],
  ['a tenant_admin takes', 'tenant_admin', false, ['tenant_admin'], [], 'partner_admin_required'],
  ['a partner_admin gives the own role', 'partner_admin', false, [], ['partner_admin'], 'allowed'],
  ['a partner_admin gives the highest', 'partner_admin', false, [], ['super_admin'], 'super_admin_required'],
  ['a partner_admin takes the highest', 'partner_admin', false, ['super_admin'], [], 'super_admin_required'],
  [
    'a partner_admin leaves the highest as it is',
    'partner_admin',
    false,
    ['super_admin'],
    ['tenant_admin', 'super_admin'],
    'allowed',
  ],
  ['a super_admin gives the highest', 'super_admin', false, [], ['super_admin'], 'allowed'],
  ['somebody raises himself', 'partner_admin', true, ['partner_admin'], ['super_admin'], 'self_elevation'],
  ['somebody makes a claim last', 'super_admin', true, ['tenant_admin'], ['super_admin'], 'self_elevation'],
  ['somebody steps down', 'partner_admin', true, ['partner_admin'], ['tenant_admin'], 'allowed'],
  ['somebody stays', 'partner_admin', true, ['partner_admin'], ['partner_admin', 'tenant_admin'], 'allowed'],
  ['a word that only looks like a role', 'Partner_admin', false, [], ['tenant_admin'], 'partner_admin_required'],
];

it.each(table)('%s', (_what, caller, isOwn, current, wanted, result) => {
  expect(judged(caller, isOwn, current, wanted)).toBe(result);
});

it('reads roles once each in their order, and no other word', () => {
  expect(readRoles(['super_admin', 'tenant_admin', 'super_admin'])).toEqual(['tenant_admin', 'super_admin']);
  expect(() => readRoles(['tenant_admin', 'TENANT_ADMIN'])).toThrow(expect.objectContaining({ code: 'invalid_role' }));
  expect([rankOf([]), rankOf(['x']), rankOf(['tenant_admin', 'super_admin'])]).toEqual([0, 0, 3]);
});
