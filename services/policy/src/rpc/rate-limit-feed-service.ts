import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { RateLimitBundleSchema, type RateLimitFeedService } from '@scaivault/contracts/policy/v1/rate_limits';
import { parseTenantId, type ScopeId } from '@scaivault/tenancy';
import type { Clock, RateLimitStore } from '../ports.ts';

/** What our own processes count by. */
export const createRateLimitFeedService = ({
  rateLimits,
  nowMicros,
}: {
  readonly rateLimits: Pick<RateLimitStore, 'list'>;
  readonly nowMicros: Clock;
}): ServiceImpl<typeof RateLimitFeedService> => ({
  getRateLimitBundle: async ({ tenantId }) => {
    const entries = await rateLimits.list(`t:${parseTenantId(tenantId)}` as ScopeId, nowMicros());
    return create(RateLimitBundleSchema, {
      entries: entries.map(({ identityId, limits, expiresAtMicros }) => ({
        identityId,
        limits: { ...limits },
        ...(expiresAtMicros === null ? {} : { expiresAtMicros: BigInt(expiresAtMicros) }),
      })),
    });
  },
});
