import type { Caller } from '@scaivault/pipeline';
import { mergeWebhook, previousForMs, type WebhookPatch } from '../../domain/webhooks/merge-webhook.ts';
import { webhookNotFound } from '../../domain/webhooks/refusals.ts';
import type { Webhook } from '../../domain/webhooks/webhook.ts';
import type { EndpointChanges, SecretBox } from '../../ports/deliveries.ts';
import type { CheckTarget, WebhookStore } from '../../ports/webhooks.ts';
import type { FindWebhook } from './find-webhook.ts';

/** Merges (rest-api-core 1.1, 9); what is written stands for the next attempt. */
export const createUpdateWebhook =
  ({
    find,
    webhooks,
    checkTarget,
    box,
    nowMicros,
    onChange,
  }: {
    readonly find: FindWebhook;
    readonly webhooks: Pick<WebhookStore, 'change'>;
    readonly checkTarget: CheckTarget;
    readonly box: Pick<SecretBox, 'seal'>;
    readonly nowMicros: () => number;
    /** What waits may have to be given up. */
    readonly onChange: () => void;
  }) =>
  async (caller: Caller, webhookId: string, patch: WebhookPatch): Promise<Webhook> => {
    const { scopeId } = await find(caller, webhookId);
    if (patch.url !== undefined) await checkTarget('url', patch.url);
    let secret: EndpointChanges['secret'];
    if (patch.secret !== undefined) {
      const sealed = await box.seal({ scopeId, endpointId: webhookId }, caller.partnerId, patch.secret);
      secret = { sealed, previousForMs: previousForMs(patch) };
    }
    const isEnabled = patch.nulls.includes('enabled') ? true : patch.isEnabled;
    const changes = { secret, isEnabled, atMicros: nowMicros() };
    const changed = await webhooks.change(scopeId, webhookId, (current) => mergeWebhook(current, patch), changes);
    if (changed === undefined) throw webhookNotFound();
    onChange();
    return changed;
  };
