import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import {
  BatchReadMetadataResponseSchema,
  BatchReadResponseSchema,
  type BatchSecretSchema,
  type SecretsService,
} from '@scaivault/contracts/secrets/v1/secrets';
import { VaultError } from '@scaivault/errors';
import { auditItem, callerOf, judgeItem, reserveUnits } from '@scaivault/pipeline';
import type { Metrics } from '@scaivault/runtime';
import { parseSecretPath } from '@scaivault/tenancy';
import type { BatchOutcome, ItemRoad } from '../app/batch-items.ts';
import type { BatchMetadata } from '../app/batch-metadata.ts';
import type { BatchRead, BatchValue } from '../app/batch-read.ts';
import { encodeMetadata, rawJson } from './encode-secret.ts';

export type BatchHandlers = Pick<ServiceImpl<typeof SecretsService>, 'batchRead' | 'batchReadMetadata'>;

const roadOf = (context: HandlerContext): ItemRoad => ({
  judge: (path) => judgeItem(context, path),
  audited: (item, work) => auditItem(context, item, work),
});

/** `__proto__` is a legal path, and members made by assignment would not hold it. */
const byPath = <Result extends object, Encoded>(
  outcome: BatchOutcome<Result>,
  encode: (result: Result, path: string) => Encoded,
) => {
  const secrets: [string, Encoded][] = [];
  const errors: [string, { code: string; message: string }][] = [];
  for (const [path, result] of outcome) {
    if (result instanceof VaultError) errors.push([path, { code: result.code, message: result.message }]);
    else secrets.push([path, encode(result, path)]);
  }
  return {
    secrets: Object.fromEntries(secrets),
    errors: Object.fromEntries(errors),
    summary: { requested: outcome.size, succeeded: secrets.length, failed: errors.length },
  };
};

const encodeValue = (
  { secret, value, data }: BatchValue,
  includesMetadata: boolean,
): MessageInitShape<typeof BatchSecretSchema> => ({
  data,
  version: value.version,
  secretType: value.secretType,
  ...(includesMetadata ? { metadata: rawJson(secret.metadata) } : {}),
});

/** The calls that take many paths at once. */
export const createBatchHandlers = (
  { batchRead, batchMetadata }: { readonly batchRead: BatchRead; readonly batchMetadata: BatchMetadata },
  metrics: Pick<Metrics, 'secretReads'>,
): BatchHandlers => ({
  async batchRead({ paths, options }, context) {
    const caller = callerOf(context);
    const outcome = await batchRead(
      caller,
      { paths, version: options?.version, failFast: options?.failFast ?? false },
      (units) => reserveUnits(context, 'secrets:read', units),
      roadOf(context),
    );
    for (const result of outcome.values()) {
      if (result instanceof VaultError) continue;
      metrics.secretReads.inc({ tenant: caller.tenantId, secret_type: result.value.secretType });
    }
    const includesMetadata = options?.includeMetadata ?? false;
    return create(
      BatchReadResponseSchema,
      byPath(outcome, (value) => encodeValue(value, includesMetadata)),
    );
  },

  async batchReadMetadata({ paths, expandWildcards }, context) {
    const caller = callerOf(context);
    const { outcome, isTruncated } = await batchMetadata(
      caller,
      { paths, expandsWildcards: expandWildcards },
      roadOf(context),
    );
    const answer = byPath(outcome, (described, path) =>
      encodeMetadata({ path: parseSecretPath(path), scope: caller.objectScope }, described),
    );
    return create(BatchReadMetadataResponseSchema, { ...answer, truncated: isTruncated });
  },
});
