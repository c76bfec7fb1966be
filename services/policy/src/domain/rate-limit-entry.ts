import type { RateCategory } from '@scaivault/runtime';

/** Units a minute by category. */
export type RateLimits = Readonly<Partial<Record<RateCategory, number>>>;

/** What an identity, or with `*` every identity of the tenant, has in place of the installation's figures. */
export interface RateLimitEntry {
  readonly identityId: string;
  readonly limits: RateLimits;
  readonly expiresAtMicros: number | null;
  readonly updatedAtMicros: number;
  readonly updatedBy: string;
}

/** Entries that a tenant can have; every process that serves it holds them. */
export const mostRateLimitEntries = 1000;
