import type { TenantId } from '@scaivault/tenancy';
import type { EventFilters } from '../listener.ts';

/** `disabled` is set by the server alone, after too many failed deliveries. */
export type SubscriptionStatus = 'active' | 'paused' | 'disabled';

/** Who made a subscription. */
export interface Owner {
  /** The tenant of the identity, be it the one acted in or another. */
  readonly tenantId: TenantId;
  /** ScaiKey's id: a name may go to somebody else, who inherits nothing. */
  readonly subjectId: string;
  readonly identityType: 'user' | 'service_account';
  /** The name at that time. */
  readonly identityId: string;
}

export interface PollingDelivery {
  readonly type: 'polling';
  /** The most events that wait. */
  readonly bufferSize: number;
}

export interface WebhookDelivery {
  readonly type: 'webhook';
  readonly url: string;
}

export type SubscriptionDelivery = PollingDelivery | WebhookDelivery;

/** A request for events of a tenant, made by one identity (rest-api-core 10). */
export interface Subscription {
  readonly id: string;
  readonly name: string;
  readonly status: SubscriptionStatus;
  readonly owner: Owner;
  /** Globs over policy paths. */
  readonly paths: readonly string[];
  readonly events: readonly string[];
  readonly filters: EventFilters;
  readonly delivery: SubscriptionDelivery;
  readonly createdAtMicros: number;
  readonly updatedAtMicros: number;
}

/** As many as one identity may have in a tenant. */
export const mostSubscriptions = 20;
export const defaultBufferSize = 1000;

export const isSameOwner = (a: Pick<Owner, 'tenantId' | 'subjectId'>, b: Pick<Owner, 'tenantId' | 'subjectId'>) =>
  a.tenantId === b.tenantId && a.subjectId === b.subjectId;
