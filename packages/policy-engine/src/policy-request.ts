import type { Glob } from '@scaivault/tenancy';
import type { Permission } from './permission.ts';
import type { IdentityType } from './rule-document.ts';

/** Who asks: an identity with the groups it is in, nested ones included. */
export interface PolicySubject {
  readonly identityType: IdentityType;
  readonly identityId: string;
  readonly subjectId: string | null;
  readonly groups: readonly { readonly identityId: string; readonly subjectId: string | null }[];
  /** Holds `tenant_admin` or a role above it for this tenant (rest-api-core 2.4). */
  readonly isTenantAdmin: boolean;
}

/** What is asked, and the circumstances that conditions look at; null = not known. */
export interface PolicyRequest {
  readonly permission: Permission;
  /** A policy path (rest-api-core 2.5). */
  readonly path: string;
  readonly sourceIp: string | null;
  readonly nowMs: number;
  readonly token: {
    readonly issuedAtMs: number | null;
    readonly mfaVerifiedAtMs: number | null;
    /** The token's own narrowing (`scv_paths`); null = none. An empty list opens nothing. */
    readonly allowedPaths: readonly Glob[] | null;
  };
  /**
   * True when the subject is not there, because something is handed out to it unasked. What conditions on address, token
   * and second factor ask cannot be known then: an allow rule with one never applies, a deny rule with one does
   * (rest-api-core 10).
   */
  readonly isAbsent?: boolean;
}
