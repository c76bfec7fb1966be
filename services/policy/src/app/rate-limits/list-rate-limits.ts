import type { Caller } from '@scaivault/pipeline';
import { type RateCategory, rateCategories } from '@scaivault/runtime';
import { scopeId } from '@scaivault/tenancy';
import type { RateLimitEntry } from '../../domain/rate-limit-entry.ts';
import type { Clock, RateLimitStore } from '../../ports.ts';

/** Units a minute in this installation where nobody has another figure; 0: not limited. */
export type InstanceLimitOf = (category: RateCategory) => number;

export interface ListedRateLimits {
  readonly categories: readonly {
    readonly category: RateCategory;
    readonly defaultLimit: number;
    readonly instanceLimit: number;
  }[];
  readonly overrides: readonly RateLimitEntry[];
}

/** All categories with the figures of the installation, and the entries of the caller's tenant. */
export const createListRateLimits =
  ({
    rateLimits,
    instanceLimitOf,
    nowMicros,
  }: {
    readonly rateLimits: Pick<RateLimitStore, 'list'>;
    readonly instanceLimitOf: InstanceLimitOf;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller): Promise<ListedRateLimits> => ({
    categories: (Object.keys(rateCategories) as RateCategory[]).map((category) => ({
      category,
      defaultLimit: rateCategories[category].perMinute,
      instanceLimit: instanceLimitOf(category),
    })),
    overrides: await rateLimits.list(scopeId(caller.scope), nowMicros()),
  });
