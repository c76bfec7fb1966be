import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import { webhookNotFound } from '../../domain/webhooks/refusals.ts';
import type { WebhookStore } from '../../ports/webhooks.ts';

export const createDeleteWebhook =
  ({ webhooks }: { readonly webhooks: Pick<WebhookStore, 'remove'> }) =>
  async (caller: Caller, webhookId: string): Promise<void> => {
    if (!(await webhooks.remove(scopeId(caller.scope), webhookId))) throw webhookNotFound();
  };
