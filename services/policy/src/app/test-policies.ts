import { fieldError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import {
  compilePolicies,
  type Explanation,
  explain,
  type Permission,
  type PolicyRecord,
  type PolicySubject,
  type RuleDocument,
} from '@scaivault/policy-engine';
import { typeOfIdentity } from '../domain/bound-identity.ts';
import { identityNotFound } from '../domain/refusals.ts';
import type { BindingStore, BundledPolicy, Clock, IdentityMirror, KnownIdentity } from '../ports.ts';
import { scopeIdOf } from './find-policy.ts';
import type { ReadBundle } from './read-bundle.ts';

export interface TestInput {
  readonly identityId: string;
  /** A policy path. */
  readonly path: string;
  readonly permission: Permission;
  readonly sourceIp: string | null;
  readonly mfaVerified: boolean;
  /** Null: now. */
  readonly atMicros: number | null;
  readonly tokenAgeSeconds: number;
}

const adminRoles = ['tenant_admin', 'partner_admin', 'super_admin'];

const recordOf = ({ rulesJson, createdAtMicros, bindings, ...policy }: BundledPolicy): PolicyRecord => ({
  ...policy,
  createdAtMs: createdAtMicros / 1000,
  rules: JSON.parse(rulesJson) as RuleDocument[],
  bindings: bindings.map(({ expiresAtMicros, ...binding }) => ({
    ...binding,
    expiresAtMs: expiresAtMicros === null ? null : expiresAtMicros / 1000,
  })),
});

const notACaller = () => fieldError('identity_id', 'format', 'must be a user or a service account');

const subjectOf = (known: KnownIdentity): PolicySubject => {
  const { identityType, identityId, subjectId, groups, roles } = known;
  if (identityType === 'group') throw notACaller();
  const isTenantAdmin = adminRoles.some((role) => roles.includes(role));
  return { identityType, identityId, subjectId, groups, isTenantAdmin };
};

/** Somebody the mirror has not seen: nothing but the name. */
const strangerOf = (identityId: string): PolicySubject | undefined => {
  const identityType = typeOfIdentity(identityId);
  if (identityType === 'group') throw notACaller();
  return identityType && { identityType, identityId, subjectId: null, groups: [], isTenantAdmin: false };
};

/**
 * Judges as the pipeline would, and tells the course of it (rest-api-core 6.4). 404 `identity_not_found` for an identity
 * that is neither mirrored nor bound.
 */
export const createTestPolicies = ({
  identities,
  bindings,
  readBundle,
  nowMicros,
}: {
  readonly identities: IdentityMirror;
  readonly bindings: Pick<BindingStore, 'isBound'>;
  readonly readBundle: ReadBundle;
  readonly nowMicros: Clock;
}) => {
  const isBound = async (caller: Caller, identityId: string): Promise<boolean> => {
    const scopes = (['tenant', 'partner'] as const).map((scope) => scopeIdOf(caller, scope));
    const found = await Promise.all(scopes.map((scopeId) => bindings.isBound(scopeId, identityId, nowMicros())));
    return found.includes(true);
  };
  const resolve = async (caller: Caller, identityId: string): Promise<PolicySubject> => {
    const known = await identities.lookup(caller.tenantId, undefined, identityId);
    if (known !== undefined) return subjectOf(known);
    const stranger = strangerOf(identityId);
    if (stranger === undefined || !(await isBound(caller, identityId))) throw identityNotFound();
    return stranger;
  };
  return async (caller: Caller, input: TestInput): Promise<Explanation> => {
    if (input.identityId.includes('\0')) throw identityNotFound();
    const subject = await resolve(caller, input.identityId);
    const bundle = compilePolicies((await readBundle(caller.tenantId, caller.partnerId)).map(recordOf));
    const nowMs = (input.atMicros ?? nowMicros()) / 1000;
    return explain(bundle, subject, {
      permission: input.permission,
      path: input.path,
      sourceIp: input.sourceIp,
      nowMs,
      token: {
        issuedAtMs: nowMs - input.tokenAgeSeconds * 1000,
        mfaVerifiedAtMs: input.mfaVerified ? nowMs : null,
        allowedPaths: null,
      },
    });
  };
};
