import type { Tx } from '@scaivault/db';
import type { Once } from '@scaivault/pipeline';
import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import type { IncomingEvent } from '../domain/incoming-event.ts';
import type { Webhook, WebhookFields, WebhookRecord } from '../domain/webhooks/webhook.ts';
import type { EndpointChanges, SealedSecret, TestDelivery } from './deliveries.ts';

export interface NewWebhook {
  readonly webhook: Webhook;
  readonly partnerId: PartnerId;
  readonly secret: SealedSecret;
}

/** The webhooks of a tenant; each call is one transaction, and those that write commit with their `once`. */
export interface WebhookStore {
  find(scopeId: ScopeId, id: string): Promise<Webhook | undefined>;
  /** With what has become of its deliveries. */
  read(
    scopeId: ScopeId,
    id: string,
  ): Promise<{ readonly webhook: Webhook; readonly record: WebhookRecord } | undefined>;
  /** Up to `limit` webhooks by id, from behind `after` on. */
  list(scopeId: ScopeId, page: { readonly after: string; readonly limit: number }): Promise<readonly Webhook[]>;
  /** False when the tenant has `most` others. */
  insert(scopeId: ScopeId, added: NewWebhook, most: number, once: Once | undefined): Promise<boolean>;
  /**
   * Writes what `edit` makes of the row, which is locked meanwhile, with a new secret where there is one. Undefined when
   * there is no such webhook.
   */
  change(
    scopeId: ScopeId,
    id: string,
    edit: (current: Webhook) => WebhookFields,
    changes: {
      readonly secret: EndpointChanges['secret'];
      readonly isEnabled: boolean | undefined;
      readonly atMicros: number;
    },
  ): Promise<Webhook | undefined>;
  /** False when there is none. */
  remove(scopeId: ScopeId, id: string): Promise<boolean>;
  /** Its name, inside a transaction of the tenant, and that it hears nothing any more. */
  silence(tx: Tx, scopeId: ScopeId, id: string): Promise<string | undefined>;
  /** Writes down a test with its event, for its list alone. */
  addTest(scopeId: ScopeId, partnerId: PartnerId, event: IncomingEvent, test: TestDelivery): Promise<void>;
}

/** Judges a target before it is kept: 422, or 400 `invalid_config` with reason `target_not_allowed`. */
export type CheckTarget = (field: string, url: string) => Promise<void>;
