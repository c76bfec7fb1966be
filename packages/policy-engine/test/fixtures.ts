import type { BindingRecord, PolicyRecord, PolicyRequest, PolicySubject, RuleDocument } from '../src/index.ts';

export const minute = 60_000;
/** A Thursday. */
export const noon = Date.UTC(2026, 3, 23, 12);

export const rule = (
  path_pattern: string,
  permissions: RuleDocument['permissions'],
  more: Partial<RuleDocument> = {},
): RuleDocument => ({ path_pattern, permissions, effect: 'allow', conditions: null, ...more });

export const boundTo = (identityId: string, more: Partial<BindingRecord> = {}): BindingRecord => {
  const prefix = identityId.slice(0, identityId.indexOf(':'));
  const identityType = prefix === 'sa' ? 'service_account' : prefix === 'group' ? 'group' : 'user';
  return { identityType, identityId, subjectId: null, expiresAtMs: null, ...more };
};

export const policy = (name: string, more: Partial<PolicyRecord> = {}): PolicyRecord => ({
  id: `pol_${name}`,
  name,
  scope: 'tenant',
  priority: 100,
  createdAtMs: 0,
  rules: [rule('**', ['read'])],
  bindings: [boundTo('user:alice')],
  ...more,
});

export const alice: PolicySubject = {
  identityType: 'user',
  identityId: 'user:alice',
  subjectId: 'usr_1',
  groups: [{ identityId: 'group:sre', subjectId: 'grp_1' }],
  isTenantAdmin: false,
};

type RequestChanges = Partial<Omit<PolicyRequest, 'token'>> & { readonly token?: Partial<PolicyRequest['token']> };

export const request = ({ token, ...more }: RequestChanges = {}): PolicyRequest => ({
  permission: 'read',
  path: 'app/db',
  sourceIp: null,
  nowMs: noon,
  ...more,
  token: { issuedAtMs: null, mfaVerifiedAtMs: null, allowedPaths: null, ...token },
});
