import type { Once } from '@scaivault/pipeline';
import type { PartnerId, ScopeId, TenantId } from '@scaivault/tenancy';
import type { Change } from './domain/change.ts';
import type { EventData } from './domain/event-data.ts';
import type { ResolvableType } from './domain/identity-string.ts';
import type { ListPage } from './domain/list-page.ts';
import type { PageOf, PageRequest } from './domain/page-window.ts';
import type { Listed, ListedMembership } from './domain/read-listed.ts';
import type { Sight } from './domain/sight.ts';
import type { Status } from './domain/status.ts';
import type { ListedKind, SyncProgress } from './domain/sync-progress.ts';

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

export interface ListedPartner {
  readonly id: PartnerId;
  readonly name: string | null;
  readonly slug: string | null;
  readonly region: string | null;
  readonly status: Status;
  readonly syncedAtMicros: number;
}

export interface ListedTenant {
  readonly id: TenantId;
  readonly partnerId: PartnerId;
  readonly name: string | null;
  readonly slug: string | null;
  readonly status: Status;
  readonly syncedAtMicros: number;
}

export interface ListedUser {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly email: string | null;
  readonly displayName: string | null;
  readonly status: Status;
  readonly mfaEnabled: boolean;
  /** Identity strings. */
  readonly groups: readonly string[];
  /** Of ScaiKey and given here. */
  readonly roles: readonly string[];
  readonly syncedAtMicros: number;
}

export interface ListedGroup {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly name: string;
  /** Counted up to 10000. */
  readonly memberCount: number;
  readonly syncedAtMicros: number;
}

export interface ListedMember {
  readonly userId: string;
  readonly email: string | null;
  readonly inherited: boolean;
  readonly addedAtMicros: number;
}

/** Reads pages of the mirror; `status` undefined: all but the deleted. 503 `service_unavailable`. */
export interface DirectoryLists {
  /** One partner, or (undefined) all. */
  partners(
    partnerId: PartnerId | undefined,
    status: Status | undefined,
    page: PageRequest,
  ): Promise<PageOf<ListedPartner>>;
  tenants(
    filter: {
      readonly partnerId?: PartnerId | undefined;
      readonly tenantId?: TenantId | undefined;
      readonly status: Status | undefined;
    },
    page: PageRequest,
  ): Promise<PageOf<ListedTenant>>;
  users(
    tenantId: TenantId,
    filter: { readonly q: string | undefined; readonly status: Status | undefined },
    page: PageRequest,
  ): Promise<PageOf<ListedUser>>;
  groups(
    tenantId: TenantId,
    filter: { readonly q: string | undefined },
    page: PageRequest,
  ): Promise<PageOf<ListedGroup>>;
  members(tenantId: TenantId, groupId: string, page: PageRequest): Promise<PageOf<ListedMember>>;
  /** The tenants in which that ScaiKey id is known. */
  locate(
    kind: 'user' | 'group',
    id: string,
  ): Promise<readonly { readonly tenantId: TenantId; readonly partnerId: PartnerId }[]>;
}

export interface KnownRoles {
  /** Of ScaiKey and given here. */
  readonly roles: readonly string[];
  /** When those given here changed last. */
  readonly changedAtMicros: number | null;
}

/** Administrator roles given here; undefined for nobody, a stub or a deleted user. 503 `service_unavailable`. */
export interface RoleStore {
  read(tenantId: TenantId, userId: string): Promise<KnownRoles | undefined>;
  /**
   * Writes `wanted` unless `judge` throws at the roles found; the row is locked meanwhile. 403 `last_super_admin`, also
   * when two such changes meet.
   */
  change(
    tenantId: TenantId,
    userId: string,
    change: {
      readonly wanted: readonly string[];
      readonly judge: (current: readonly string[]) => void;
      readonly nowMicros: number;
    },
    once: Once | undefined,
  ): Promise<{ readonly before: KnownRoles; readonly after: KnownRoles } | undefined>;
}

/** A sync as its history shows it; times in microseconds since the epoch. */
export interface SyncRun {
  readonly id: string;
  readonly status: 'running' | 'completed' | 'failed';
  readonly partnerId: PartnerId | null;
  readonly tenantId: TenantId | null;
  readonly trigger: 'manual' | 'schedule';
  readonly startedAtMicros: number;
  readonly completedAtMicros: number | null;
  readonly created: number;
  readonly updated: number;
  readonly removed: number;
  readonly error: string | null;
}

/** A run in the hands of this process, as long as nobody with a higher number holds it. */
export interface HeldRun {
  readonly id: string;
  readonly fence: number;
  readonly range: Sight;
}

/** Syncs, past and running; at most one of a range runs. 503 `service_unavailable`. */
export interface SyncRuns {
  /** The one of that range that is running already, or a new one. */
  start(range: Sight, nowMicros: number, once: Once | undefined): Promise<SyncRun>;
  /** Begins one of everything when none has ended well within that time, nor badly within `retryMicros`, nor runs. */
  startIfDue(due: {
    readonly everyMicros: number;
    readonly retryMicros: number;
    readonly nowMicros: number;
  }): Promise<void>;
  list(sight: Sight, page: PageRequest): Promise<PageOf<SyncRun>>;
  /** Takes a run that nobody living holds. */
  claim(): Promise<{ readonly run: HeldRun; readonly progress: SyncProgress } | undefined>;
  /** Prolongs the hold; false, and nothing written, when somebody else holds the run by now. */
  save(run: HeldRun, progress: SyncProgress): Promise<boolean>;
  /** Ends it: completed, or failed where the progress tells of trouble. */
  finish(run: HeldRun, progress: SyncProgress, nowMicros: number): Promise<boolean>;
  /** Lets the next process go on at once. */
  release(run: HeldRun): Promise<void>;
  /** Removes up to `most` that ended before that time; how many. */
  forget(endedBeforeMicros: number, most: number): Promise<number>;
}

export interface Counted {
  readonly created: number;
  readonly updated: number;
  /** Whose news has to go out. */
  readonly changedScopes: readonly ScopeId[];
}

/** Writes what lists tell; each call is one transaction a scope and throws `LostRun` when another process has the run. */
export interface SyncMirror {
  put(run: HeldRun, listed: readonly Listed[], nowMicros: number): Promise<Counted>;
  /** What was written since `listingAtMicros` is newer than the listing and stays. */
  putMembers(
    run: HeldRun,
    group: GroupPlace,
    members: readonly ListedMembership[],
    at: { readonly listingAtMicros: number; readonly readAtMicros: number; readonly nowMicros: number },
  ): Promise<Counted>;
  /** How many members of the group the mirror knows that nothing has told of since. */
  countUnseenMembers(group: GroupPlace, listingAtMicros: number): Promise<number>;
  removeUnseenMembers(
    run: HeldRun,
    group: GroupPlace,
    at: { readonly listingAtMicros: number; readonly readAtMicros: number; readonly nowMicros: number },
  ): Promise<number>;
  /** The next living groups of a tenant after that id. */
  groupsAfter(tenantId: TenantId, groupId: string, most: number): Promise<readonly string[]>;
  /** The next living tenants of the range after that scope. */
  tenantsAfter(range: Sight, scope: string, most: number): Promise<readonly TenantId[]>;
  /** Living things that nothing has told of since; `ids` holds `most` of them. */
  unseen(place: UnseenPlace, listedAtMicros: number, most: number): Promise<Unseen>;
  /** Soft-deletes those that nothing has told of even now; how many. */
  removeUnseen(
    run: HeldRun,
    place: UnseenPlace,
    ids: readonly string[],
    at: { readonly listedAtMicros: number; readonly readAtMicros: number; readonly nowMicros: number },
  ): Promise<number>;
}

export interface GroupPlace {
  readonly tenantId: TenantId;
  readonly groupId: string;
}

/** `missing` and `living` are counted up to 100000. */
export interface Unseen {
  readonly ids: readonly string[];
  readonly missing: number;
  readonly living: number;
}

export type UnseenPlace = PeoplePlace | OrganisationPlace;

export interface PeoplePlace {
  readonly kind: 'users' | 'groups';
  readonly tenantId: TenantId;
}

export interface OrganisationPlace {
  readonly kind: 'partners' | 'tenants';
  readonly range: Sight;
}

/** ScaiKey's lists (rest-api-dynamic-ops 6). 503 `service_unavailable` for whatever is not an answer. */
export interface ScaiKeyLists {
  list(kind: ListedKind, range: Sight, page: number): Promise<ListPage>;
  /** Undefined when there is no such thing. */
  find(kind: ListedKind, id: string): Promise<EventData | undefined>;
  /** Undefined when there is no such group. */
  members(groupId: string, page: number): Promise<ListPage | undefined>;
}
