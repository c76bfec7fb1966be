import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  DeleteSecretResponseSchema,
  ListSecretsResponseSchema,
  ListVersionsResponseSchema,
  type SecretsService,
} from '@scaivault/contracts';
import { answerWith, callerOf, callOf, noteForAudit, targetOf } from '@scaivault/pipeline';
import type { Metrics } from '@scaivault/runtime';
import { optionalTimestamp, timestampOf } from '@scaivault/runtime';
import type { DeleteSecret } from '../app/delete-secret.ts';
import type { ListSecrets } from '../app/list-secrets.ts';
import type { ListVersions } from '../app/list-versions.ts';
import type { PutSecret } from '../app/put-secret.ts';
import type { ReadSecret } from '../app/read-secret.ts';
import type { RestoreSecret } from '../app/restore-secret.ts';
import { versionTag } from '../domain/entity-tag.ts';
import { encodeMetadata, encodePut, encodeSecret, encodeSummary, encodeVersion } from './encode-secret.ts';

export interface SecretsUseCases {
  readonly readSecret: ReadSecret;
  readonly putSecret: PutSecret;
  readonly deleteSecret: DeleteSecret;
  readonly restoreSecret: RestoreSecret;
  readonly listVersions: ListVersions;
  readonly listSecrets: ListSecrets;
}

const defaultLimit = 100;

/** SecretsService of the contract. */
export const createSecretsRpc = (
  useCases: SecretsUseCases,
  metrics: Pick<Metrics, 'secretReads' | 'secretWrites'>,
): ServiceImpl<typeof SecretsService> => ({
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
    const { maxVersions, expiresIn, expectedVersion } = options ?? {};
    const result = await useCases.putSecret(caller, target, {
      data,
      secretType,
      metadata,
      maxVersions,
      expiresIn,
      expectedVersion,
      ifMatch,
      ifNoneMatch,
    });
    metrics.secretWrites.inc({ tenant: caller.tenantId });
    const etag = versionTag(result.facts.currentVersion);
    // The usual status of the contract is 200; a first version says so.
    answerWith(context, result.created ? { status: 201, etag, location: `/v1/secrets/${target.path}` } : { etag });
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
    return encodeMetadata(target, await useCases.restoreSecret(callerOf(context), target));
  },

  async listVersions({ limit = defaultLimit, cursor }, context) {
    const target = targetOf(context);
    const page = await useCases.listVersions(callerOf(context), target, { limit, cursor });
    return create(ListVersionsResponseSchema, {
      path: target.path,
      currentVersion: page.currentVersion,
      versions: page.versions.map((version) => encodeVersion(version, page.currentVersion)),
      cursor: page.cursor,
      hasMore: page.cursor !== undefined,
    });
  },

  async listSecrets({ tag, secretType, includeDeleted, limit = defaultLimit, cursor }, context) {
    const caller = callerOf(context);
    const { prefix } = callOf(context);
    const page = await useCases.listSecrets(caller, { prefix, tags: tag, secretType, includeDeleted, limit, cursor });
    noteForAudit(context, { count: page.secrets.length });
    return create(ListSecretsResponseSchema, {
      secrets: page.secrets.map((secret) => encodeSummary(caller.scope, secret)),
      cursor: page.cursor,
      hasMore: page.cursor !== undefined,
    });
  },
});
