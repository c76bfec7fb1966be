import type { BindingRecord, PolicyRecord, PolicyRequest, PolicySubject, RuleDocument } from '../src/index.ts';

/** What is measured: a tenant's policies, somebody in it, and what is asked in turn. */
export interface Scene {
  readonly name: string;
  readonly records: readonly PolicyRecord[];
  readonly subject: PolicySubject;
  readonly requests: readonly PolicyRequest[];
}

const policyCount = 10_000;
const rulesEach = 10;
const nowMs = Date.UTC(2026, 3, 23, 12);

const binding = (identityType: BindingRecord['identityType'], identityId: string): BindingRecord => ({
  identityType,
  identityId,
  subjectId: null,
  expiresAtMs: null,
});

const alice: PolicySubject = {
  identityType: 'user',
  identityId: 'user:alice',
  subjectId: 'usr_alice',
  groups: [{ identityId: 'group:sre', subjectId: 'grp_sre' }],
  isTenantAdmin: false,
};

const allow = (path_pattern: string, more: Partial<RuleDocument> = {}): RuleDocument => ({
  path_pattern,
  permissions: ['read'],
  effect: 'allow',
  conditions: null,
  ...more,
});

const requests = (pathOf: (n: number) => string): PolicyRequest[] =>
  Array.from({ length: 64 }, (_, index) => ({
    permission: 'read',
    path: pathOf((index * 997) % policyCount),
    sourceIp: '198.51.100.1',
    nowMs,
    token: { issuedAtMs: nowMs, mfaVerifiedAtMs: null, allowedPaths: null },
  }));

const policies = (
  bind: (n: number) => BindingRecord[],
  ruleOf: (policy: number, rule: number) => RuleDocument,
): PolicyRecord[] =>
  Array.from({ length: policyCount }, (_, n) => ({
    id: `pol_${String(n).padStart(6, '0')}`,
    name: `policy ${n}`,
    scope: 'tenant',
    priority: 100,
    createdAtMs: n,
    rules: Array.from({ length: rulesEach }, (_rule, index) => ruleOf(n, index)),
    bindings: bind(n),
  }));

const toAlice = (): BindingRecord[] => [binding('user', 'user:alice')];
const toTeams = (n: number): BindingRecord[] => [binding('group', n % 100 === 0 ? 'group:sre' : `group:team-${n}`)];

const scene = (
  name: string,
  bind: (n: number) => BindingRecord[],
  ruleOf: (policy: number, rule: number) => RuleDocument,
  pathOf: (n: number) => string,
): Scene => ({ name, records: policies(bind, ruleOf), subject: alice, requests: requests(pathOf) });

/** 10,000 policies of 10 rules each, in the shapes that tenants have and in those that an index dislikes. */
export const scenes = (): Scene[] => [
  scene(
    'an app each, caller in a few',
    toTeams,
    (n, i) => allow(`env/prod/app-${n}/part-${i}/**`),
    (n) => `env/prod/app-${n - (n % 100)}/part-7/key`,
  ),
  scene(
    'an app each, caller bound to all',
    toAlice,
    (n, i) => allow(`env/prod/app-${n}/part-${i}/**`),
    (n) => `env/prod/app-${n}/part-7/key`,
  ),
  scene(
    'one directory, app-<n>-*, bound to all',
    toAlice,
    (n, i) => allow(`env/prod/app-${n}-${i}-*`),
    (n) => `env/prod/app-${n}-3-db`,
  ),
  scene(
    'wildcards first, **/x, bound to all',
    toAlice,
    (n, i) => allow(`**/key-${n}-${i}`),
    (n) => `env/prod/app/key-${n}-4`,
  ),
  scene(
    'wildcards first, **/x/*, bound to all',
    toAlice,
    (n, i) => allow(`**/app-${n}-${i}/*`),
    (n) => `env/prod/app-${n}-4/key`,
  ),
  scene(
    'nothing matches, bound to all',
    toAlice,
    (n, i) => allow(`env/prod/app-${n}/part-${i}/**`),
    (n) => `env/stage/app-${n}/x`,
  ),
  scene(
    'all match, other permission',
    toAlice,
    () => allow('env/prod/**', { permissions: ['write', 'delete'] }),
    (n) => `env/prod/app-${n}`,
  ),
  scene(
    '** everywhere, bound to one only',
    (n) => [binding('group', n === policyCount - 1 ? 'group:sre' : 'group:others')],
    () => allow('**'),
    (n) => `env/prod/app-${n}`,
  ),
  scene(
    'all match, bound to half, the last half',
    (n) => [binding('group', n >= policyCount / 2 ? 'group:sre' : 'group:others')],
    () => allow('**'),
    (n) => `env/prod/app-${n}`,
  ),
  scene(
    'all match, no condition holds',
    toAlice,
    () => allow('**', { conditions: { require_mfa: true } }),
    (n) => `env/prod/app-${n}`,
  ),
];
