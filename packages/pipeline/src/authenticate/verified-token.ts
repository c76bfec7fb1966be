import type { Glob } from '@scaivault/tenancy';

/** What a token says once its signature, issuer, audience and times were checked. Times in Unix milliseconds. */
export interface VerifiedToken {
  readonly subject: string;
  readonly tenantId: string | null;
  readonly partnerId: string | null;
  readonly identityType: 'user' | 'service_account';
  /** `user:<email>` or `sa:<name>` made of the claims; counts only for subjects that the mirror does not know. */
  readonly claimedIdentityId: string;
  readonly displayName: string | null;
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  readonly scopes: ReadonlySet<string>;
  readonly issuedAtMs: number | null;
  readonly notBeforeMs: number | null;
  readonly expiresAtMs: number;
  readonly mfaVerifiedAtMs: number | null;
  readonly actorId: string | null;
  readonly allowedPaths: readonly Glob[] | null;
}
