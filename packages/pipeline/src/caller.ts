import type { Decision, Permission } from '@scaivault/policy-engine';
import type { Glob, PartnerId, Scope, TenantId } from '@scaivault/tenancy';

import type { RequestInfo } from './request-info.ts';

export interface GroupMembership {
  readonly subjectId: string | null;
  /** `group:<name>` */
  readonly identityId: string;
}

/** Facts of the token that conditions and answers speak of; times in Unix milliseconds. */
export interface TokenFacts {
  readonly issuedAtMs: number | null;
  readonly expiresAtMs: number;
  readonly mfaVerifiedAtMs: number | null;
  /** Globs the token is narrowed to, or null. */
  readonly allowedPaths: readonly Glob[] | null;
}

/** Who acts, where, and by what right: the one value that use cases take first. */
export interface Caller {
  readonly identityType: 'user' | 'service_account';
  /** `user:<email>` or `sa:<name>` */
  readonly identityId: string;
  readonly subjectId: string;
  readonly displayName: string | null;
  /** Tenant acted in, with its partner. */
  readonly tenantId: TenantId;
  readonly partnerId: PartnerId;
  readonly scope: Scope;
  /**
   * Whose objects this call is about: `scope`, or a partner's shared ones (rest-api-core 3.2). Where handlers of lists and
   * batches look; whose policies judge, whose trail holds the row and whose bucket pays is the tenant's matter all the
   * same. A super_admin may have named another partner than `partnerId`.
   */
  readonly objectScope: Scope;
  /** Where this call finds what is of scope partner: with `partnerId`, or with the partner that a super_admin has named. */
  readonly sharedScope: Scope;
  /** Tenant of the token, when it is another one. */
  readonly homeTenantId: TenantId | null;
  readonly roles: ReadonlySet<string>;
  readonly groups: readonly GroupMembership[];
  readonly scopes: ReadonlySet<string>;
  readonly token: TokenFacts;
  /** The request that this is about, and where it came from. */
  readonly request: Pick<RequestInfo, 'requestId' | 'sourceIp'>;
  /** Who really acts, for tokens with an `act` claim. */
  readonly actorId: string | null;
  /** Judges a policy path by the policies in force when the request began. */
  judge(permission: Permission, policyPath: string): Decision;
}
