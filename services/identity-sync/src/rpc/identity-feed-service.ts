import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { FollowRevisionsResponseSchema } from '@scaivault/contracts/common/v1/common';
import {
  type IdentityFeedService,
  LookupCallerResponseSchema,
  LookupIdentityResponseSchema,
  LookupPartnerResponseSchema,
  LookupTenantResponseSchema,
} from '@scaivault/contracts/identity/v1/identity';
import { peerOf, type RevisionFeed } from '@scaivault/pipeline';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import type { FindCaller, FindTenant } from '../app/look-up.ts';
import type { Directory } from '../ports.ts';
import { decodeAnyType } from './decode.ts';
import { encodeCaller } from './encode.ts';

/** What our own processes know callers, tenants and partners by, and the news of their changes. */
export const createIdentityFeedService = ({
  findTenant,
  findCaller,
  directory,
  feed,
}: {
  readonly findTenant: FindTenant;
  readonly findCaller: FindCaller;
  readonly directory: Pick<Directory, 'identity' | 'partner'>;
  readonly feed: Pick<RevisionFeed, 'follow'>;
}): ServiceImpl<typeof IdentityFeedService> => ({
  lookupTenant: async ({ tenantId }) => {
    const tenant = await findTenant(parseTenantId(tenantId));
    return create(LookupTenantResponseSchema, tenant === undefined ? { found: false } : { found: true, ...tenant });
  },

  lookupPartner: async ({ partnerId }) => {
    const partner = await directory.partner(parsePartnerId(partnerId));
    return create(LookupPartnerResponseSchema, partner === undefined ? { found: false } : { found: true, ...partner });
  },

  lookupCaller: async ({ tenantId, subject, identityId }) => {
    const caller = await findCaller(parseTenantId(tenantId), subject, identityId);
    return create(
      LookupCallerResponseSchema,
      caller === undefined ? { found: false } : { found: true, caller: encodeCaller(caller) },
    );
  },

  lookupIdentity: async ({ tenantId, identityType, identityId }) => {
    const identity = await directory.identity(parseTenantId(tenantId), decodeAnyType(identityType), identityId);
    return create(
      LookupIdentityResponseSchema,
      identity === undefined ? { found: false } : { found: true, identity: encodeCaller(identity) },
    );
  },

  followIdentityRevisions: async (request, context) =>
    create(FollowRevisionsResponseSchema, await feed.follow(request, peerOf(context))),
});
