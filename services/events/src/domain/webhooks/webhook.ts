import type { DeliveryStatus } from '../deliveries/attempt.ts';
import type { EventFilters } from '../listener.ts';

/** A webhook as its administrators write it, without its secret. */
export interface WebhookFields {
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly filters: EventFilters;
  readonly isEnabled: boolean;
}

export interface Webhook extends WebhookFields {
  readonly id: string;
  /** Of the last attempt that was no test; null before the first. */
  readonly lastStatus: DeliveryStatus | null;
  readonly createdAtMicros: number;
  readonly updatedAtMicros: number;
}

export interface LastDelivery {
  readonly id: string;
  readonly atMicros: number;
  readonly status: DeliveryStatus;
  readonly responseCode: number | null;
}

/** What has become of a webhook's deliveries. */
export interface WebhookRecord {
  readonly attempts: number;
  readonly successes: number;
  /** Of all these attempts together. */
  readonly durationMs: number;
  readonly last: LastDelivery | null;
}

export type WebhookStatus = 'healthy' | 'failing' | 'disabled';

/** A delivery that is to be tried again has failed so far. */
export const statusOf = ({ isEnabled, lastStatus }: Pick<Webhook, 'isEnabled' | 'lastStatus'>): WebhookStatus => {
  if (!isEnabled) return 'disabled';
  return lastStatus === null || lastStatus === 'success' ? 'healthy' : 'failing';
};

export const noFilters: EventFilters = { pathPrefix: null, secretType: null, tags: null };

export const mostWebhooks = 50;
