import { create } from '@bufbuild/protobuf';
import {
  AuditIngestService,
  FollowRevisionsResponseSchema,
  IdentityFeedService,
  IngestAuditRecordsResponseSchema,
  LookupCallerResponseSchema,
  LookupIdentityResponseSchema,
  LookupPartnerResponseSchema,
  LookupTenantResponseSchema,
  PolicyBundleSchema,
  PolicyFeedService,
  RateLimitBundleSchema,
  RateLimitFeedService,
} from '@scaivault/contracts';
import { createRevisionFeed, type FollowRequest, type KeySeal } from '@scaivault/pipeline';
import { createDispatcher, type Dispatcher, mount } from '@scaivault/runtime';
import { mountKeySeal } from './mount-key-seal.ts';

const leaseMs = 5_000;

export interface StandIns {
  readonly dispatcher: Dispatcher;
  close(): Promise<void>;
}

/**
 * What one service needs of all others: row keys, every tenant active in `ptn_x`, no identities, no policies, and somebody
 * who takes its audit records.
 */
export const createStandIns = (keySeal: KeySeal): StandIns => {
  const feed = createRevisionFeed({ leaseMs });
  const follow = async (request: FollowRequest) => create(FollowRevisionsResponseSchema, await feed.follow(request));
  const services = [
    mountKeySeal(keySeal),
    mount(IdentityFeedService, {
      lookupTenant: () => create(LookupTenantResponseSchema, { found: true, partnerId: 'ptn_x', status: 'ACTIVE' }),
      lookupPartner: () => create(LookupPartnerResponseSchema, { found: true, status: 'ACTIVE' }),
      lookupCaller: () => create(LookupCallerResponseSchema),
      lookupIdentity: () => create(LookupIdentityResponseSchema),
      followIdentityRevisions: follow,
    }),
    mount(PolicyFeedService, { getPolicyBundle: () => create(PolicyBundleSchema), followPolicyRevisions: follow }),
    mount(RateLimitFeedService, { getRateLimitBundle: () => create(RateLimitBundleSchema) }),
    mount(AuditIngestService, {
      ingestAuditRecords: ({ records }) => create(IngestAuditRecordsResponseSchema, { stored: records.length }),
    }),
  ];
  return { dispatcher: createDispatcher(services, (_method, handler) => handler), close: feed.close };
};
