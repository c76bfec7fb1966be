import { create } from '@bufbuild/protobuf';
import {
  type PutSecretResponse,
  PutSecretResponseSchema,
  type Secret,
  type SecretMetadata,
  SecretMetadataSchema,
  SecretSchema,
  type SecretSummary,
  SecretSummarySchema,
  type Version,
  VersionSchema,
} from '@scaivault/contracts';
import type { Target } from '@scaivault/pipeline';
import { optionalTimestamp, timestampOf } from '@scaivault/runtime';
import type { Scope } from '@scaivault/tenancy';
import type { PutResult } from '../app/put-secret.ts';
import type { ReadResult } from '../app/read-secret.ts';
import type { RestoreResult } from '../app/restore-secret.ts';
import type { VersionFacts } from '../domain/secret.ts';
import { versionState } from '../domain/version-state.ts';
import type { ScannedSecret } from '../ports.ts';

const rawJson = (text: string): Uint8Array => Buffer.from(text);

export const encodeSecret = ({ path }: Target, { secret, value, data }: ReadResult): Secret =>
  create(SecretSchema, {
    path,
    secretType: value.secretType,
    version: value.version,
    ...(data === undefined ? {} : { data }),
    metadata: rawJson(secret.metadata),
    createdAt: timestampOf(secret.createdAtMicros),
    updatedAt: timestampOf(secret.updatedAtMicros),
    expiresAt: optionalTimestamp(value.expiresAtMicros),
    lastAccessedAt: optionalTimestamp(secret.lastAccessedAtMicros),
  });

export const encodePut = ({ path }: Target, { facts }: PutResult): PutSecretResponse =>
  create(PutSecretResponseSchema, {
    path,
    version: facts.currentVersion,
    secretType: facts.secretType,
    metadata: rawJson(facts.metadata),
    createdAt: timestampOf(facts.createdAtMicros),
    updatedAt: timestampOf(facts.updatedAtMicros),
    expiresAt: optionalTimestamp(facts.expiresAtMicros),
  });

/** `notify_before` has its default, since nothing can set it yet. */
const defaultNotifyBefore = ['30d', '7d', '1d'];

export const encodeMetadata = ({ path, scope }: Target, { facts, versionCount }: RestoreResult): SecretMetadata =>
  create(SecretMetadataSchema, {
    path,
    scope: scope.kind,
    secretType: facts.secretType,
    version: facts.currentVersion,
    versionCount,
    metadata: rawJson(facts.metadata),
    metadataRevision: facts.metadataRevision,
    maxVersions: facts.maxVersions,
    notifyBefore: defaultNotifyBefore,
    createdAt: timestampOf(facts.createdAtMicros),
    updatedAt: timestampOf(facts.updatedAtMicros),
    expiresAt: optionalTimestamp(facts.expiresAtMicros),
    lastAccessedAt: optionalTimestamp(facts.lastAccessedAtMicros),
  });

export const encodeVersion = (facts: VersionFacts, currentVersion: number): Version =>
  create(VersionSchema, {
    version: facts.version,
    state: versionState(facts, currentVersion),
    secretType: facts.secretType,
    createdAt: timestampOf(facts.createdAtMicros),
    createdBy: facts.createdBy,
    expiresAt: optionalTimestamp(facts.expiresAtMicros),
    destroyedAt: optionalTimestamp(facts.destroyedAtMicros),
  });

export const encodeSummary = (scope: Scope, row: ScannedSecret): SecretSummary =>
  create(SecretSummarySchema, {
    path: row.path,
    scope: scope.kind,
    secretType: row.secretType,
    version: row.currentVersion,
    metadata: rawJson(row.metadata),
    createdAt: timestampOf(row.createdAtMicros),
    updatedAt: timestampOf(row.updatedAtMicros),
    expiresAt: optionalTimestamp(row.expiresAtMicros),
    deletedAt: optionalTimestamp(row.deletedAtMicros),
  });
