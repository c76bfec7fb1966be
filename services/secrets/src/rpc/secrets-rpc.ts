import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  DeleteSecretResponseSchema,
  DestroyVersionsResponseSchema,
  ListExpiringResponseSchema,
  ListSecretsResponseSchema,
  ListVersionsResponseSchema,
  type PutOptions,
  type SecretsService,
  type UpdateOptions,
} from '@scaivault/contracts/secrets/v1/secrets';
import { answerWith, callerOf, callOf, noteForAudit, onceOf, targetOf } from '@scaivault/pipeline';
import { type Metrics, optionalTimestamp, timestampOf } from '@scaivault/runtime';
import type { SecretsUseCases } from '../app/use-cases.ts';
import { isNamedBy, revisionTag, versionTag } from '../domain/entity-tag.ts';
import { createBatchHandlers } from './batch-rpc.ts';
import {
  encodeExpiring,
  encodeMetadata,
  encodePut,
  encodeRotation,
  encodeSecret,
  encodeSummary,
  encodeVersion,
} from './encode-secret.ts';

const defaultLimit = 100;

/** The settings that a write and a change of metadata have in common. */
const settingsOf = (options: PutOptions | UpdateOptions | undefined) => ({
  maxVersions: options?.maxVersions,
  expiresIn: options?.expiresIn,
  notifyBefore: options?.notifyBefore,
  rotationPolicyId: options?.rotationPolicyId,
  secretPolicyId: options?.secretPolicyId,
  nulls: options?.nulls ?? [],
});

/** SecretsService of the contract. */
export const createSecretsRpc = (
  useCases: SecretsUseCases,
  metrics: Pick<Metrics, 'secretReads' | 'secretWrites'>,
): ServiceImpl<typeof SecretsService> => ({
  ...createBatchHandlers(useCases, metrics),

  async readSecret({ version, ifNoneMatch }, context) {
    const caller = callerOf(context);
    const target = targetOf(context);
    const result = await useCases.readSecret(caller, target, { version, ifNoneMatch });
    const etag = versionTag(result.value.version);
    if (result.data === undefined) {
      noteForAudit(context, { not_modified: true });
      answerWith(context, { status: 304, etag });
    } else {
      metrics.secretReads.inc({ tenant: caller.tenantId, secret_type: result.value.secretType });
      answerWith(context, { etag });
    }
    return encodeSecret(target, result);
  },

  async putSecret({ data, secretType, metadata, options, ifMatch, ifNoneMatch }, context) {
    const caller = callerOf(context);
    const target = targetOf(context);
    const request = {
      ...settingsOf(options),
      data,
      generateFrom: options?.generateFrom,
      secretType,
      metadata,
      expectedVersion: options?.expectedVersion,
      ifMatch,
      ifNoneMatch,
    };
    const result = await useCases.putSecret(caller, target, request, onceOf(context));
    metrics.secretWrites.inc({ tenant: caller.tenantId });
    const etag = versionTag(result.facts.currentVersion);
    const base = target.scope.kind === 'partner' ? '/v1/partner/secrets' : '/v1/secrets';
    // The usual status of the contract is 200; a first version says so.
    answerWith(context, result.created ? { status: 201, etag, location: `${base}/${target.path}` } : { etag });
    return encodePut(target, result);
  },

  async deleteSecret({ permanent, ifMatch }, context) {
    const target = targetOf(context);
    const result = await useCases.deleteSecret(callerOf(context), target, { permanent, ifMatch });
    return create(DeleteSecretResponseSchema, {
      path: target.path,
      permanent,
      versionCount: result.versionCount,
      deletedAt: timestampOf(result.deletedAtMicros),
      recoverableUntil: optionalTimestamp(result.recoverableUntilMicros),
    });
  },

  async restoreSecret(_request, context) {
    const target = targetOf(context);
    return encodeMetadata(target, await useCases.restoreSecret(callerOf(context), target, onceOf(context)));
  },

  async rotateSecret({ data, secretPolicyId, gracePeriod, reason, ifMatch }, context) {
    const caller = callerOf(context);
    const target = targetOf(context);
    const request = { data, secretPolicyId, gracePeriod, reason, ifMatch };
    const result = await useCases.rotateSecret(caller, target, request, onceOf(context));
    metrics.secretWrites.inc({ tenant: caller.tenantId });
    answerWith(context, { etag: versionTag(result.newVersion) });
    return encodeRotation(target, caller.identityId, result);
  },

  async destroyVersions({ versions }, context) {
    const target = targetOf(context);
    const result = await useCases.destroyVersions(callerOf(context), target, versions, onceOf(context));
    return create(DestroyVersionsResponseSchema, {
      path: target.path,
      destroyed: [...result.destroyed],
      remainingVersions: [...result.remaining],
    });
  },

  async readMetadata({ ifNoneMatch }, context) {
    const target = targetOf(context);
    const described = await useCases.readMetadata(callerOf(context), target);
    const etag = revisionTag(described.facts.metadataRevision);
    const isKnown = ifNoneMatch !== undefined && isNamedBy(ifNoneMatch, etag);
    if (isKnown) noteForAudit(context, { not_modified: true });
    answerWith(context, isKnown ? { status: 304, etag } : { etag });
    return encodeMetadata(target, described);
  },

  async updateMetadata({ metadata, secretType, options, ifMatch }, context) {
    const target = targetOf(context);
    const request = { ...settingsOf(options), metadata, secretType, ifMatch };
    const described = await useCases.updateMetadata(callerOf(context), target, request);
    answerWith(context, { etag: revisionTag(described.facts.metadataRevision) });
    return encodeMetadata(target, described);
  },

  async listVersions({ limit = defaultLimit, cursor }, context) {
    const target = targetOf(context);
    const page = await useCases.listVersions(callerOf(context), target, { limit, cursor });
    return create(ListVersionsResponseSchema, {
      path: target.path,
      currentVersion: page.currentVersion,
      versions: page.versions.map((version) => encodeVersion(version, page.currentVersion, page.nowMicros)),
      cursor: page.cursor,
      hasMore: page.cursor !== undefined,
    });
  },

  async listSecrets({ tag: tags, secretType, includePartner, includeDeleted, limit = defaultLimit, cursor }, context) {
    const { prefix } = callOf(context);
    const request = { prefix, tags, secretType, includePartner, includeDeleted, limit, cursor };
    const page = await useCases.listSecrets(callerOf(context), request);
    noteForAudit(context, { count: page.secrets.length });
    return create(ListSecretsResponseSchema, {
      secrets: page.secrets.map(encodeSummary),
      cursor: page.cursor,
      hasMore: page.cursor !== undefined,
    });
  },

  async listExpiring({ within, includeExpired, limit = defaultLimit, cursor }, context) {
    const caller = callerOf(context);
    const { prefix } = callOf(context);
    const page = await useCases.listExpiring(caller, { within, prefix, includeExpired, limit, cursor });
    noteForAudit(context, { count: page.secrets.length });
    return create(ListExpiringResponseSchema, {
      secrets: page.secrets.map((row) => encodeExpiring(caller.objectScope, row, page.nowMicros)),
      cursor: page.cursor,
      hasMore: page.cursor !== undefined,
    });
  },
});
