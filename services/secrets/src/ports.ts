import type { SealedData } from '@scaivault/crypto';
import type { CursorBinding, Scope, SecretPath } from '@scaivault/tenancy';
import type { SecretFacts, VersionFacts } from './domain/secret.ts';
import type { SecretMetadata } from './domain/secret-metadata.ts';

/** What a read needs: facts of the secret, and the version asked for while its value exists. */
export interface StoredSecret {
  readonly currentVersion: number;
  readonly metadata: string;
  readonly createdAtMicros: number;
  readonly updatedAtMicros: number;
  readonly lastAccessedAtMicros: number | null;
  readonly deletedAtMicros: number | null;
  /** Undefined: never written, or destroyed. */
  readonly value: StoredValue | undefined;
}

export interface StoredValue {
  readonly version: number;
  readonly secretType: string;
  readonly expiresAtMicros: number | null;
  readonly sealed: SealedData;
}

export interface NewVersion {
  readonly version: number;
  /** Undefined keeps the secret's present one. */
  readonly secretType: string | undefined;
  readonly metadata: SecretMetadata | undefined;
  readonly maxVersions: number | undefined;
  readonly sealed: SealedData;
  readonly createdBy: string;
  readonly createdAtMicros: number;
  readonly expiresAtMicros: number | null;
}

/** One secret under a lock that holds until the work is done. */
export interface HeldSecret {
  readonly facts: SecretFacts;
  /** Versions whose value exists. */
  countVersions(): Promise<number>;
  markDeleted(atMicros: number): Promise<void>;
  unmarkDeleted(): Promise<void>;
  /** Erases the row, its versions and their keys. */
  erase(): Promise<void>;
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
  readonly tags: readonly string[];
}

export interface SecretStore {
  /** Version undefined: the current one. */
  read(scope: Scope, path: SecretPath, version: number | undefined): Promise<StoredSecret | undefined>;
  head(scope: Scope, path: SecretPath): Promise<SecretFacts | undefined>;
  /**
   * Adds a version behind `version.version - 1`, and erases what no longer fits; undefined when that version is not the
   * newest of a living secret (for 1: when there is a secret). A secret deleted at or before `goneSinceMicros` is none.
   */
  append(
    scope: Scope,
    path: SecretPath,
    version: NewVersion,
    goneSinceMicros: number,
  ): Promise<SecretFacts | undefined>;
  /** Runs `work` while nobody else can change the secret; its failure undoes everything. */
  hold<T>(scope: Scope, path: SecretPath, work: (held: HeldSecret | undefined) => Promise<T>): Promise<T>;
  /** Facts of the secret, and its versions below `before`, newest first; undefined when there is no secret. */
  versions(
    scope: Scope,
    path: SecretPath,
    before: number | undefined,
    limit: number,
  ): Promise<{ readonly facts: SecretFacts; readonly versions: readonly VersionFacts[] } | undefined>;
  scan(scope: Scope, scan: SecretScan): Promise<readonly ScannedSecret[]>;
}

/** Encrypts values for the one place they belong to. `kms_unavailable`, or `internal_error` after an alarm. */
export interface SecretCipher {
  seal(scope: Scope, path: SecretPath, version: number, data: Uint8Array): Promise<SealedData>;
  open(scope: Scope, path: SecretPath, version: number, sealed: SealedData): Promise<Uint8Array>;
}

/** Cursors of a list whose position the client must not be able to read: it may be a row hidden from the caller. */
export interface PathCursors {
  seal(binding: CursorBinding, path: string): string;
  /** 400 `invalid_cursor` for a text that is none of this list. */
  open(binding: CursorBinding, text: string): string;
}
