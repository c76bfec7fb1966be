import { create } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  ListRateLimitsResponseSchema,
  RateLimitEntrySchema,
  type RateLimitService,
  type RateLimitEntry as WireEntry,
} from '@scaivault/contracts/policy/v1/rate_limits';
import { callerOf, noteForAudit, onceOf } from '@scaivault/pipeline';
import { type InputChecks, timestampOf } from '@scaivault/runtime';
import type { createDeleteRateLimits } from '../app/rate-limits/delete-rate-limits.ts';
import type { createListRateLimits } from '../app/rate-limits/list-rate-limits.ts';
import type { createPutRateLimits } from '../app/rate-limits/put-rate-limits.ts';
import type { RateLimitEntry } from '../domain/rate-limit-entry.ts';
import { checkLimitedIdentity, readRateLimits } from '../domain/read-rate-limits.ts';
import { decodeTime } from './decode.ts';

export interface RateLimitUseCases {
  readonly listRateLimits: ReturnType<typeof createListRateLimits>;
  readonly putRateLimits: ReturnType<typeof createPutRateLimits>;
  readonly deleteRateLimits: ReturnType<typeof createDeleteRateLimits>;
}

const encodeEntry = ({ identityId, limits, expiresAtMicros, updatedAtMicros, updatedBy }: RateLimitEntry): WireEntry =>
  create(RateLimitEntrySchema, {
    identityId,
    limits: { ...limits },
    ...(expiresAtMicros === null ? {} : { expiresAt: timestampOf(expiresAtMicros) }),
    updatedAt: timestampOf(updatedAtMicros),
    updatedBy,
  });

/** Which categories there are is for this service to say, before it does anything. */
export const rateLimitInputChecks: InputChecks<typeof RateLimitService> = {
  putRateLimits: ({ identityId, limits }) => {
    checkLimitedIdentity(identityId);
    readRateLimits(limits);
  },
};

/** Rate limits of identities and tenants over the wire (rest-api-core 13.4). */
export const createRateLimitService = (use: RateLimitUseCases): ServiceImpl<typeof RateLimitService> => ({
  listRateLimits: async (_request, context) => {
    const { categories, overrides } = await use.listRateLimits(callerOf(context));
    return create(ListRateLimitsResponseSchema, {
      categories: [...categories],
      overrides: overrides.map(encodeEntry),
    });
  },

  putRateLimits: async (request, context) => {
    const input = {
      limits: readRateLimits(request.limits),
      expiresAtMicros: decodeTime('expires_at', request.expiresAt),
    };
    noteForAudit(context, { limited_identity_id: request.identityId, limits: input.limits });
    return encodeEntry(await use.putRateLimits(callerOf(context), request.identityId, input, onceOf(context)));
  },

  deleteRateLimits: async ({ identityId }, context) => {
    noteForAudit(context, { limited_identity_id: identityId, removed: true });
    await use.deleteRateLimits(callerOf(context), identityId);
    return create(EmptySchema);
  },
});
