import type { Caller } from '@scaivault/pipeline';
import { type ScopeId, scopeId } from '@scaivault/tenancy';
import { webhookNotFound } from '../../domain/webhooks/refusals.ts';
import type { Webhook } from '../../domain/webhooks/webhook.ts';
import type { WebhookStore } from '../../ports/webhooks.ts';

export interface FoundWebhook {
  readonly scopeId: ScopeId;
  readonly webhook: Webhook;
}

export type FindWebhook = (caller: Caller, webhookId: string) => Promise<FoundWebhook>;

/** A webhook of the caller's tenant; 404 `webhook_not_found`. */
export const createFindWebhook =
  ({ webhooks }: { readonly webhooks: Pick<WebhookStore, 'find'> }): FindWebhook =>
  async (caller, webhookId) => {
    const scope = scopeId(caller.scope);
    const webhook = await webhooks.find(scope, webhookId);
    if (webhook === undefined) throw webhookNotFound();
    return { scopeId: scope, webhook };
  };
