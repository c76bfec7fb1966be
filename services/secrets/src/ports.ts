import type { Once } from '@scaivault/pipeline';
import type { CursorBinding, Scope, ScopeId, SecretPath } from '@scaivault/tenancy';
import type { SecretFacts, SecretPolicyRef, VersionFacts } from './domain/secret.ts';
import type { SecretEvent, TellWrite } from './domain/secret-events.ts';
import type { SecretMetadata } from './domain/secret-metadata.ts';
import type { SecretPolicy } from './domain/secret-policies/secret-policy.ts';

/** What a read needs: facts of the secret, and the version asked for while its value exists. */
export interface StoredSecret {
  readonly currentVersion: number;
  readonly metadata: string;
  readonly createdAtMicros: number;
  readonly updatedAtMicros: number;
  readonly lastAccessedAtMicros: number | null;
  readonly deletedAtMicros: number | null;
  readonly secretPolicyId: string | null;
  /** Undefined: never written, or destroyed. */
  readonly value: StoredValue | undefined;
}

export interface StoredValue {
  readonly version: number;
  readonly secretType: string;
  readonly expiresAtMicros: number | null;
  readonly graceEndsAtMicros: number | null;
  readonly sealed: SealedValue;
}

/** An encrypted value: its ciphertext stands here or, when it is too large for a row, in the object store. */
export interface SealedValue {
  readonly ciphertext: Buffer | null;
  readonly objectKey: string | null;
  readonly wrappedKey: Buffer;
  readonly wrappedBy: string;
}

/** What a writer may set beside the value; undefined keeps the present one. */
export interface SecretChanges {
  readonly secretType?: string | undefined;
  readonly metadata?: SecretMetadata | undefined;
  readonly maxVersions?: number | undefined;
  readonly notifyBefore?: readonly string[] | undefined;
  /** Null detaches. */
  readonly secretPolicy?: SecretPolicyRef | null | undefined;
  /** Of the current version; null: it does not expire. */
  readonly expiresAtMicros?: number | null | undefined;
}

export interface NewVersion extends SecretChanges {
  readonly version: number;
  readonly sealed: SealedValue;
  readonly createdBy: string;
  readonly createdAtMicros: number;
  readonly expiresAtMicros: number | null;
  /** Set when the version takes the place of the one before by a rotation. */
  readonly rotation?: Rotation | undefined;
  /** What is told of it, in the transaction that adds it. */
  readonly events: TellWrite;
}

export interface Rotation {
  /** `rh_…` */
  readonly id: string;
  readonly startedAtMicros: number;
  /** Until when older versions stay readable; `createdAtMicros` of the new one closes them at once. */
  readonly graceEndsAtMicros: number;
  readonly isGenerated: boolean;
  readonly reason: string | undefined;
}

/** One secret under a lock that holds until the work is done. */
export interface HeldSecret {
  readonly facts: SecretFacts;
  /** Numbers of the versions whose value exists, newest first. */
  keptVersions(): Promise<readonly number[]>;
  /** A new revision of the metadata; versions that no longer fit are erased. */
  change(changes: SecretChanges, atMicros: number): Promise<SecretFacts>;
  /** Erases values and keys of these versions. */
  destroy(versions: readonly number[], atMicros: number): Promise<void>;
  markDeleted(atMicros: number): Promise<void>;
  unmarkDeleted(atMicros: number): Promise<void>;
  /** Writes down what happens to the secret next, now that everything due until then is done. */
  settle(nowMicros: number): Promise<void>;
  /** Erases the row, its versions and their keys. */
  erase(atMicros: number): Promise<void>;
  /** Writes down that this happens: it has happened exactly if the work is committed. */
  tell(events: readonly SecretEvent[]): void;
}

/** Rows in byte order of the path, from behind `after` on. */
export interface SecretScan {
  /** Null stands for every path. */
  readonly range: { readonly self: string | null; readonly from: string; readonly before: string } | null;
  readonly after: string;
  /** At most one of them narrows the scan; the rows that come back hold whichever was given. */
  readonly by: { readonly tag: string } | { readonly secretType: string } | null;
  readonly limit: number;
}

export interface ScannedSecret extends SecretFacts {
  readonly path: SecretPath;
}

/** Place in the order of what expires: by time, then by path. */
export interface ExpiryPosition {
  readonly expiresAtMicros: number;
  readonly path: string;
}

/** Living secrets whose current version expires, the soonest first. */
export interface ExpiryScan {
  /** Rows behind this place, which is none of them. */
  readonly after: ExpiryPosition;
  /** Rows that expire at or before this instant. */
  readonly untilMicros: number;
  readonly limit: number;
}

export interface ExpiringSecret extends ScannedSecret {
  readonly expiresAtMicros: number;
}

/** A secret as its metadata shows it. */
export interface DescribedSecret {
  readonly facts: SecretFacts;
  /** Versions whose value exists. */
  readonly versionCount: number;
}

export interface SecretStore {
  /** Version undefined: the current one. */
  read(scope: Scope, path: SecretPath, version: number | undefined): Promise<StoredSecret | undefined>;
  /** The same for up to 100 paths in one statement; the answer has one place per path. */
  readAll(
    scope: Scope,
    paths: readonly SecretPath[],
    version: number | undefined,
  ): Promise<readonly (StoredSecret | undefined)[]>;
  head(scope: Scope, path: SecretPath): Promise<SecretFacts | undefined>;
  /** For up to 1000 paths in one statement; the answer has one place per path. */
  describe(scope: Scope, paths: readonly SecretPath[]): Promise<readonly (DescribedSecret | undefined)[]>;
  /**
   * Adds a version behind `version.version - 1`, and erases what no longer fits; undefined when that version is not the
   * newest of a living secret (for 1: when there is a secret). A secret deleted at or before `goneSinceMicros` is none.
   */
  append(
    scope: Scope,
    path: SecretPath,
    version: NewVersion,
    goneSinceMicros: number,
    once: Once | undefined,
  ): Promise<SecretFacts | undefined>;
  /** Runs `work` while nobody else can change the secret; its failure undoes everything. */
  hold<T>(
    scope: Scope,
    path: SecretPath,
    work: (held: HeldSecret | undefined) => Promise<T>,
    once?: Once | undefined,
  ): Promise<T>;
  /** Facts of the secret, and its versions below `before`, newest first; undefined when there is no secret. */
  versions(
    scope: Scope,
    path: SecretPath,
    before: number | undefined,
    limit: number,
  ): Promise<{ readonly facts: SecretFacts; readonly versions: readonly VersionFacts[] } | undefined>;
  version(scope: Scope, path: SecretPath, version: number): Promise<VersionFacts | undefined>;
  scan(scope: Scope, scan: SecretScan): Promise<readonly ScannedSecret[]>;
  scanExpiring(scope: Scope, scan: ExpiryScan): Promise<readonly ExpiringSecret[]>;
}

/** Where a secret is whose scope is known by its id only. */
export interface SecretPlace {
  readonly scopeId: ScopeId;
  readonly path: SecretPath;
}

/** Secrets to which something happens by itself. */
export interface DueSecrets {
  /** Of any tenant, the longest due first. */
  find(nowMicros: number, limit: number): Promise<readonly SecretPlace[]>;
  /** Like `SecretStore.hold`, but passes by a secret that is gone or that somebody else holds. */
  holdFree(place: SecretPlace, work: (held: HeldSecret) => Promise<void>): Promise<void>;
}

/** Accesses as events. */
export interface AccessEvents {
  /** Resolves when it is committed. 503 `service_unavailable` when that cannot be done. */
  add(owner: ScopeId, path: SecretPath, event: SecretEvent): Promise<void>;
}

/** When secrets were last read, for those that are not written down yet. */
export interface AccessTimes {
  /** Moves each secret's time forward, never back; of secrets that are gone nothing is kept. */
  save(scopeId: ScopeId, accessed: readonly { readonly path: string; readonly atMicros: number }[]): Promise<void>;
}

/** Encrypts values for the one place they belong to. `kms_unavailable`, or `internal_error` after an alarm. */
export interface SecretCipher {
  seal(scope: Scope, path: SecretPath, version: number, data: Uint8Array): Promise<SealedValue>;
  open(scope: Scope, path: SecretPath, version: number, sealed: SealedValue): Promise<Uint8Array>;
}

/** An object that this sweep may delete, until its claim runs out. */
export interface ClaimedObject {
  readonly scopeId: ScopeId;
  readonly key: string;
  readonly claim: number;
}

/** Objects that no version names, or not yet; written down before they come to be, so that none is ever forgotten. */
export interface LooseObjects {
  add(scopeId: ScopeId, key: string, dueAtMicros: number): Promise<void>;
  /** Those whose time is over, of any tenant; nobody else gets them for `leaseSeconds`. */
  claim(nowMicros: number, leaseSeconds: number, limit: number): Promise<readonly ClaimedObject[]>;
  /** Forgets an object that was deleted, if the claim is still the latest. */
  remove(object: ClaimedObject): Promise<void>;
}

/** Cursors of a list whose position the client must not be able to read: it may be a row hidden from the caller. */
export interface PathCursors {
  seal(binding: CursorBinding, position: string): string;
  /** 400 `invalid_cursor` for a text that is none of this list. */
  open(binding: CursorBinding, text: string): string;
}

export interface SecretPolicyPage {
  /** Undefined: any. */
  readonly policyType: string | undefined;
  readonly includeInactive: boolean;
  /** Id to go on after; empty at first. */
  readonly after: string;
  readonly limit: number;
}

/** The secret policies of a tenant; each call is one transaction, but for the removal. */
export interface SecretPolicyStore {
  find(owner: ScopeId, id: string): Promise<SecretPolicy | undefined>;
  /** The next policies by id: up to `limit`, fewer when they would be too large for one answer. */
  list(
    owner: ScopeId,
    page: SecretPolicyPage,
  ): Promise<{ readonly policies: readonly SecretPolicy[]; readonly hasMore: boolean }>;
  /** 409 `name_conflict`. */
  insert(owner: ScopeId, policy: SecretPolicy, once: Once | undefined): Promise<void>;
  /** Writes what `edit` makes of the row, which is locked meanwhile; undefined when there is none. 409 `name_conflict`. */
  change(owner: ScopeId, id: string, edit: (current: SecretPolicy) => SecretPolicy): Promise<SecretPolicy | undefined>;
  /**
   * Removes the policy unless secrets of the tenant or of its partner refer to it: then their number, up to a thousand,
   * else 0; undefined when there is no such policy. `force` detaches them first, in the transactions that look for them.
   * Secrets deleted at or before `goneSinceMicros` do not count.
   */
  remove(
    owner: ScopeId,
    id: string,
    options: {
      readonly partner: ScopeId;
      readonly force: boolean;
      readonly nowMicros: number;
      readonly goneSinceMicros: number;
    },
  ): Promise<number | undefined>;
}
