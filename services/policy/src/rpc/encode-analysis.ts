import { create } from '@bufbuild/protobuf';
import {
  type AnalyzePolicyResponse,
  AnalyzePolicyResponseSchema,
  type ListAccessResponse,
  ListAccessResponseSchema,
} from '@scaivault/contracts/policy/v1/policy';
import type { AccessRule, DeadRule, DeadRules, RuleAddress } from '@scaivault/policy-engine';
import { timestampOf } from '@scaivault/runtime';
import type { Page } from '@scaivault/tenancy';
import type { IdentityAccess } from '../app/list-access.ts';
import { adminRoles } from '../app/resolve-subject.ts';

const nameOf = ({ policyName, ruleIndex }: RuleAddress): string => `rule ${ruleIndex} of policy "${policyName}"`;

const messageOf = (finding: DeadRule): string => {
  const earlier = finding.because.map(nameOf).join(' and ');
  const because = {
    redundant: `${earlier} always decides before it, and decides the same.`,
    contradicted: `${earlier} always decides before it, and not the same.`,
    unreadable: 'it holds something that this version does not know, so it never applies.',
    other_identity_type: 'its identity_types leave out this kind of identity.',
  };
  return `${nameOf(finding)} never decides: ${because[finding.kind]}`.replace(/^r/, 'R');
};

export const encodeAnalysis = ({ findings, isComplete }: DeadRules): AnalyzePolicyResponse =>
  create(AnalyzePolicyResponseSchema, {
    findings: findings.map((finding) => ({ ...finding, because: [...finding.because], message: messageOf(finding) })),
    complete: isComplete,
  });

const encodeRule = ({ boundUntilMs, conditions, ...rule }: AccessRule) => ({
  ...rule,
  conditions: [...conditions],
  ...(boundUntilMs === null ? {} : { expiresAt: timestampOf(boundUntilMs * 1000) }),
});

const encodeIdentity = ({ identityType, identityId, subjectId, access }: IdentityAccess) => ({
  identityType,
  identityId,
  ...(subjectId === null ? {} : { subjectId }),
  access: access.access,
  byRole: access.byRole,
  rules: access.rules.map(encodeRule),
});

export const encodeAccess = ({ items, cursor }: Page<IdentityAccess>): ListAccessResponse =>
  create(ListAccessResponseSchema, {
    identities: items.map(encodeIdentity),
    roles: [...adminRoles],
    hasMore: cursor !== undefined,
    ...(cursor === undefined ? {} : { cursor }),
  });
