import type { ScopeId, TenantId } from '@scaivault/tenancy';

export type BoundType = 'user' | 'service_account' | 'group';

/** Ties a policy to an identity; ignored from the moment it expires. */
export interface Binding {
  readonly id: string;
  readonly policyId: string;
  readonly identityType: BoundType;
  readonly identityId: string;
  /** ScaiKey's id behind the string, when the mirror knew it. */
  readonly subjectId: string | null;
  readonly expiresAtMicros: number | null;
  readonly createdAtMicros: number;
  readonly createdBy: string;
}

/** A binding that no subject is behind yet, and where to ask for one. */
export interface UnpinnedBinding extends Pick<Binding, 'policyId' | 'id' | 'identityType' | 'identityId'> {
  readonly scopeId: ScopeId;
  /** The tenant in whose directory the name was looked up when it was bound. */
  readonly directoryTenantId: TenantId;
}

/** Live bindings that one policy may have (rest-api-core 6.4). */
export const maxBindings = 1000;
