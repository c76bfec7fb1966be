import type { PartnerId, TenantId } from '@scaivault/tenancy';

/** Something that happened, as a service of ours tells it. */
export interface IncomingEvent {
  /** `evt_…` */
  readonly id: string;
  /** A name of the vocabulary (rest-api-core 8.2). */
  readonly type: string;
  readonly atMicros: number;
  /** Null: it concerns every tenant of the partner. */
  readonly tenantId: TenantId | null;
  readonly partnerId: PartnerId;
  readonly identityId: string;
  /** Policy path; null for things without one. */
  readonly path: string | null;
  /** JSON object. */
  readonly data: string;
  readonly requestId: string | null;
  /** Of the secret that it is about, for filters; not part of the envelope. */
  readonly secretType: string | null;
  readonly tags: readonly string[];
}
