import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import type { AttemptError, AttemptOutcome, DeliveryStatus } from './attempt.ts';

/** Where deliveries of a webhook or subscription go. */
export interface EndpointPlace {
  readonly scopeId: ScopeId;
  /** `wh_…` or `sub_…` */
  readonly endpointId: string;
}

/** The right to make one attempt; what comes of it counts only while nobody else has claimed the delivery since. */
export interface Claim {
  readonly scopeId: ScopeId;
  readonly deliveryId: string;
  readonly fence: number;
}

/** What an attempt needs to know. */
export interface Parcel extends EndpointPlace {
  readonly partnerId: PartnerId;
  readonly url: string;
  readonly eventId: string;
  readonly eventType: string;
  /** Policy path of what the event is about. */
  readonly path: string | null;
  /** The envelope, byte for byte. */
  readonly body: string;
  /** This attempt, from 1. */
  readonly attempt: number;
}

/** A delivery as its list shows it. */
export interface Delivery extends Pick<AttemptOutcome, 'responseCode'> {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly createdAtMicros: number;
  readonly status: DeliveryStatus;
  readonly attempt: number;
  readonly durationMs: number | null;
  readonly error: AttemptError | null;
  /** Null once nothing is to follow, and while an attempt runs. */
  readonly nextAttemptAtMicros: number | null;
  readonly redeliveryOf: string | null;
}
