import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import { webhookNotFound } from '../../domain/webhooks/refusals.ts';
import type { Webhook, WebhookRecord } from '../../domain/webhooks/webhook.ts';
import type { WebhookStore } from '../../ports/webhooks.ts';

export interface WebhookView {
  readonly webhook: Webhook;
  readonly record: WebhookRecord;
}

export const createReadWebhook =
  ({ webhooks }: { readonly webhooks: Pick<WebhookStore, 'read'> }) =>
  async (caller: Caller, webhookId: string): Promise<WebhookView> => {
    const found = await webhooks.read(scopeId(caller.scope), webhookId);
    if (found === undefined) throw webhookNotFound();
    return found;
  };
