import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { FollowRevisionsResponseSchema } from '@scaivault/contracts/common/v1/common';
import { PolicyBundleSchema, type PolicyFeedService } from '@scaivault/contracts/policy/v1/policy';
import { peerOf, type RevisionFeed } from '@scaivault/pipeline';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import type { ReadBundle } from '../app/read-bundle.ts';
import type { BundledPolicy } from '../ports.ts';
import { utf8 } from './encode.ts';

const encodeBinding = ({
  identityType,
  identityId,
  subjectId,
  expiresAtMicros,
}: BundledPolicy['bindings'][number]) => ({
  identityType,
  identityId,
  ...(subjectId === null ? {} : { subjectId }),
  ...(expiresAtMicros === null ? {} : { expiresAtMicros: BigInt(expiresAtMicros) }),
});

const encodePolicy = ({ rulesJson, createdAtMicros, bindings, ...policy }: BundledPolicy) => ({
  ...policy,
  createdAtMicros: BigInt(createdAtMicros),
  rulesJson: utf8(rulesJson),
  bindings: bindings.map(encodeBinding),
});

/** What our own processes decide by, and the news of its changes. */
export const createPolicyFeedService = ({
  readBundle,
  feed,
}: {
  readonly readBundle: ReadBundle;
  readonly feed: Pick<RevisionFeed, 'follow'>;
}): ServiceImpl<typeof PolicyFeedService> => ({
  getPolicyBundle: async ({ tenantId, partnerId }) => {
    const policies = await readBundle(parseTenantId(tenantId), parsePartnerId(partnerId));
    return create(PolicyBundleSchema, { policies: policies.map(encodePolicy) });
  },

  followPolicyRevisions: async (request, context) =>
    create(FollowRevisionsResponseSchema, await feed.follow(request, peerOf(context))),
});
