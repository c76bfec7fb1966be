import type { PartnerId, ScopeId, TenantId } from '@scaivault/tenancy';
import type { GroupMembership } from '../caller.ts';

export type DirectoryStatus = 'ACTIVE' | 'SUSPENDED' | 'DELETED';

export interface TenantRecord {
  readonly partnerId: PartnerId;
  readonly status: DirectoryStatus;
}

export interface PartnerRecord {
  readonly status: DirectoryStatus;
}

/** An identity as the mirror knows it; times in Unix milliseconds. */
export interface CallerRecord {
  readonly subjectId: string;
  readonly identityType: 'user' | 'service_account';
  readonly identityId: string;
  readonly displayName: string | null;
  readonly status: DirectoryStatus;
  readonly groups: readonly GroupMembership[];
  readonly roles: readonly string[];
  readonly tokensVoidBeforeMs: number | null;
  readonly mfaVoidBeforeMs: number | null;
}

/** An answer of the mirror; `record` is undefined for what it has never heard of. */
export interface Known<Record> {
  readonly record: Record | undefined;
}

/** Where the pipeline looks tenants, partners and callers up: a replica of identity-sync's mirror. */
export interface IdentityDirectory {
  tenant(tenantId: TenantId): Known<TenantRecord> | Promise<Known<TenantRecord>>;
  partner(partnerId: PartnerId): Known<PartnerRecord> | Promise<Known<PartnerRecord>>;
  caller(tenantId: TenantId, subject: string, identityId: string): Known<CallerRecord> | Promise<Known<CallerRecord>>;
}

/** Scope of notices about a partner itself. */
export const partnerNotices = (partnerId: string): ScopeId => `p:${partnerId}` as ScopeId;

/** Scope of notices about a tenant itself and its people. */
export const tenantNotices = (tenantId: string): ScopeId => `t:${tenantId}` as ScopeId;
