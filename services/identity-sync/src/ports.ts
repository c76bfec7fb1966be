import type { PartnerId, ScopeId, TenantId } from '@scaivault/tenancy';
import type { Change } from './domain/change.ts';
import type { ResolvableType } from './domain/identity-string.ts';
import type { Status } from './domain/status.ts';

/** A person, service account or group as lookups show it; times in microseconds since the epoch. */
export interface KnownIdentity {
  readonly subjectId: string;
  readonly type: ResolvableType;
  /** Null in a stub, which only a membership has named. */
  readonly identityId: string | null;
  readonly displayName: string | null;
  readonly status: Status;
  /** `identityId` is '' for a group whose name is not known yet. */
  readonly groups: readonly { readonly subjectId: string; readonly identityId: string }[];
  readonly roles: readonly string[];
  readonly tokensVoidBeforeMicros: number | null;
  readonly mfaVoidBeforeMicros: number | null;
}

export type NamedIdentity = KnownIdentity & { readonly identityId: string };

export interface KnownTenant {
  readonly partnerId: PartnerId;
  readonly status: Status;
  /** Null for a partner the mirror has not heard of. */
  readonly partnerStatus: Status | null;
}

export interface KnownPartner {
  readonly status: Status;
}

/** Reads the mirror; undefined for what it has never heard of, deleted things are found. 503 `service_unavailable`. */
export interface Directory {
  tenant(tenantId: TenantId): Promise<KnownTenant | undefined>;
  partner(partnerId: PartnerId): Promise<KnownPartner | undefined>;
  /** By subject, else by identity string for service accounts; stubs too. */
  caller(tenantId: TenantId, subject: string, identityId: string): Promise<KnownIdentity | undefined>;
  /** By identity string, else by ScaiKey id; of that type or (undefined) of any. No stubs; the living before the deleted. */
  identity(
    tenantId: TenantId,
    type: ResolvableType | undefined,
    identityId: string,
  ): Promise<NamedIdentity | undefined>;
}

/** One event on its way into the mirror; times in microseconds since the epoch. */
export interface IncomingEvent {
  readonly eventId: string;
  readonly change: Change;
  /** When it happened, by ScaiKey's clock. */
  readonly atMicros: number;
  readonly nowMicros: number;
}

export type Outcome = 'applied' | 'stale' | 'duplicate';

/** Writes the mirror. 503 `service_unavailable` for every failure of the storage. */
export interface Mirror {
  /** The event's id and all its effects, or nothing of both: one transaction. */
  apply(event: IncomingEvent): Promise<Outcome>;
  /** The scopes that a change of a partner concerns: its own and those of all its tenants, deleted ones included. */
  scopesBelow(partnerId: PartnerId): Promise<readonly ScopeId[]>;
}

/** Removes what is old enough, up to `most` rows of a kind at once; the larger number of rows removed. */
export interface OldRows {
  forgetEvents(receivedBeforeMicros: number, most: number): Promise<number>;
  removeDeleted(deletedBeforeMicros: number, most: number): Promise<number>;
}

/** Tells every process that these scopes have changed; resolves when none decides by what was before. */
export type Publish = (scopes: readonly ScopeId[]) => Promise<void>;

/** Microseconds since the epoch, rising with every call. */
export type Clock = () => number;
