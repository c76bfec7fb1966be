import { create } from '@bufbuild/protobuf';
import {
  type ExpiringSecret,
  ExpiringSecretSchema,
  type PutSecretResponse,
  PutSecretResponseSchema,
  type RotationItem,
  RotationItemSchema,
  type Secret,
  type SecretMetadata,
  SecretMetadataSchema,
  SecretSchema,
  type SecretSummary,
  SecretSummarySchema,
  type Version,
  VersionSchema,
} from '@scaivault/contracts/secrets/v1/secrets';
import type { Target } from '@scaivault/pipeline';
import { optionalTimestamp, timestampOf } from '@scaivault/runtime';
import type { Scope } from '@scaivault/tenancy';
import type { ListedSecret } from '../app/list-secrets.ts';
import type { PutResult } from '../app/put-secret.ts';
import type { ReadResult } from '../app/read-secret.ts';
import type { RotateResult } from '../app/rotate-secret.ts';
import { recoverableUntil } from '../domain/recovery.ts';
import type { VersionFacts } from '../domain/secret.ts';
import { versionState } from '../domain/version-state.ts';
import type { DescribedSecret, ExpiringSecret as ExpiringRow } from '../ports.ts';

export const rawJson = (text: string): Uint8Array => Buffer.from(text);

/** Said of a partner's secret only (rest-api-core 15, on 3.2). */
const partnerMark = (scope: Scope) => (scope.kind === 'partner' ? { scope: scope.kind } : {});

const optionalId = (id: string | null | undefined): { secretPolicyId: string } | object =>
  id === null || id === undefined ? {} : { secretPolicyId: id };

export const encodeSecret = ({ path, scope }: Target, { secret, value, data }: ReadResult): Secret =>
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
    ...optionalId(secret.secretPolicyId),
    ...partnerMark(scope),
  });

export const encodePut = ({ path, scope }: Target, { facts }: PutResult): PutSecretResponse =>
  create(PutSecretResponseSchema, {
    path,
    version: facts.currentVersion,
    secretType: facts.secretType,
    metadata: rawJson(facts.metadata),
    createdAt: timestampOf(facts.createdAtMicros),
    updatedAt: timestampOf(facts.updatedAtMicros),
    expiresAt: optionalTimestamp(facts.expiresAtMicros),
    ...partnerMark(scope),
  });

export const encodeMetadata = (
  { path, scope }: Pick<Target, 'path' | 'scope'>,
  { facts, versionCount }: DescribedSecret,
): SecretMetadata =>
  create(SecretMetadataSchema, {
    path,
    scope: scope.kind,
    secretType: facts.secretType,
    version: facts.currentVersion,
    versionCount,
    metadata: rawJson(facts.metadata),
    metadataRevision: facts.metadataRevision,
    maxVersions: facts.maxVersions,
    notifyBefore: [...facts.notifyBefore],
    createdAt: timestampOf(facts.createdAtMicros),
    updatedAt: timestampOf(facts.updatedAtMicros),
    expiresAt: optionalTimestamp(facts.expiresAtMicros),
    lastAccessedAt: optionalTimestamp(facts.lastAccessedAtMicros),
    ...optionalId(facts.secretPolicy?.id),
    deletedAt: optionalTimestamp(facts.deletedAtMicros),
    recoverableUntil: optionalTimestamp(
      facts.deletedAtMicros === null ? null : recoverableUntil(facts.deletedAtMicros),
    ),
  });

export const encodeVersion = (facts: VersionFacts, currentVersion: number, nowMicros: number): Version =>
  create(VersionSchema, {
    version: facts.version,
    state: versionState(facts, currentVersion, nowMicros),
    secretType: facts.secretType,
    createdAt: timestampOf(facts.createdAtMicros),
    createdBy: facts.createdBy,
    expiresAt: optionalTimestamp(facts.expiresAtMicros),
    graceEndsAt: optionalTimestamp(facts.graceEndsAtMicros),
    isRotation: facts.isRotation,
    destroyedAt: optionalTimestamp(facts.destroyedAtMicros),
  });

/** What both kinds of lists show of a row. */
const summaryOf = (scope: Scope, row: ListedSecret | ExpiringRow) => ({
  path: row.path,
  scope: scope.kind,
  secretType: row.secretType,
  version: row.currentVersion,
  metadata: rawJson(row.metadata),
  createdAt: timestampOf(row.createdAtMicros),
  updatedAt: timestampOf(row.updatedAtMicros),
  deletedAt: optionalTimestamp(row.deletedAtMicros),
});

export const encodeSummary = (row: ListedSecret): SecretSummary =>
  create(SecretSummarySchema, { ...summaryOf(row.scope, row), expiresAt: optionalTimestamp(row.expiresAtMicros) });

const dayMicros = 86_400 * 1_000_000;

export const encodeExpiring = (scope: Scope, row: ExpiringRow, nowMicros: number): ExpiringSecret =>
  create(ExpiringSecretSchema, {
    ...summaryOf(scope, row),
    expiresAt: timestampOf(row.expiresAtMicros),
    daysRemaining: Math.floor((row.expiresAtMicros - nowMicros) / dayMicros),
  });

export const encodeRotation = (
  { policyPath }: Target,
  triggeredBy: string,
  { rotation, oldVersion, newVersion, completedAtMicros }: RotateResult,
): RotationItem =>
  create(RotationItemSchema, {
    id: rotation.id,
    secretPath: policyPath,
    status: 'success',
    oldVersion,
    newVersion,
    autoGenerated: rotation.isGenerated,
    gracePeriodEnds: optionalTimestamp(
      rotation.graceEndsAtMicros > completedAtMicros ? rotation.graceEndsAtMicros : null,
    ),
    triggeredBy,
    startedAt: timestampOf(rotation.startedAtMicros),
    completedAt: timestampOf(completedAtMicros),
  });
