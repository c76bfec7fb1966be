import type { PolicyPath, ScopeId } from '@scaivault/tenancy';
import type { EventContent } from './event-data.ts';

/** Whose deed it was, and when. */
export interface EventOrigin {
  /** Identity string; `system:…` for what nobody asked for. */
  readonly identityId: string;
  /** Null for what no request has caused. */
  readonly requestId: string | null;
  /** Microseconds since the epoch. */
  readonly atMicros: number;
}

/** What filters want to know of the secret that an event is about. They are not part of the envelope. */
export interface FilterFacts {
  readonly secretType: string;
  readonly tags: readonly string[];
}

/** Something that happens with the transaction in which it is written down (rest-api-core 8). Never a value of a secret. */
export type NewEvent = EventContent & {
  /** Whom it concerns: a tenant, or all tenants of a partner. */
  readonly scopeId: ScopeId;
  readonly origin: EventOrigin;
  /** Null for things without a policy path. */
  readonly path: PolicyPath | null;
  /** Null for what is not about a secret. */
  readonly secret: FilterFacts | null;
};
