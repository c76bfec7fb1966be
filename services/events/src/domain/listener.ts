import type { PartnerId, ScopeId } from '@scaivault/tenancy';

export type ListenerKind = 'webhook' | 'subscription';

/** Every member that is given must fit (rest-api-core 8.1). */
export interface EventFilters {
  readonly pathPrefix: string | null;
  readonly secretType: string | null;
  /** Any one of them. */
  readonly tags: readonly string[] | null;
}

/** What a webhook and a subscription have in common: which events of their tenant they want. */
export interface Listener {
  readonly kind: ListenerKind;
  /** `wh_…` or `sub_…` */
  readonly id: string;
  readonly scopeId: ScopeId;
  /** Partner of the tenant. */
  readonly partnerId: PartnerId;
  /** Exact names, `<group>.*`, `*`. */
  readonly events: readonly string[];
  readonly filters: EventFilters;
  /** Globs over policy paths; null: not asked for (webhooks). */
  readonly paths: readonly string[] | null;
}
