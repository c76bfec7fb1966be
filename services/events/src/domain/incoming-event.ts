import type { PartnerId, TenantId } from '@scaivault/tenancy';

/** Something that happened, as a service of ours tells it. */
export interface IncomingEvent {
  /** `evt_…` */
  readonly id: string;
  /** A name of the vocabulary (rest-api-core 8.2). */
  readonly type: string;
  readonly atMicros: number;
  /** Whom it concerns: a tenant, or all tenants of a partner. */
  readonly audience:
    | { readonly kind: 'tenant'; readonly tenantId: TenantId }
    | { readonly kind: 'partner'; readonly partnerId: PartnerId };
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
