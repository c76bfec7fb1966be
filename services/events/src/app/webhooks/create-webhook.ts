import type { Caller, Once } from '@scaivault/pipeline';
import { newId, scopeId } from '@scaivault/tenancy';
import { tooManyWebhooks } from '../../domain/webhooks/refusals.ts';
import { mostWebhooks, type Webhook, type WebhookFields } from '../../domain/webhooks/webhook.ts';
import type { SecretBox } from '../../ports/deliveries.ts';
import type { CheckTarget, WebhookStore } from '../../ports/webhooks.ts';

/** Judges the target and seals the secret before anything is written (rest-api-core 9, 15). */
export const createCreateWebhook =
  ({
    webhooks,
    checkTarget,
    box,
    nowMicros,
  }: {
    readonly webhooks: Pick<WebhookStore, 'insert'>;
    readonly checkTarget: CheckTarget;
    readonly box: Pick<SecretBox, 'seal'>;
    readonly nowMicros: () => number;
  }) =>
  async (
    caller: Caller,
    { secret, ...fields }: WebhookFields & { readonly secret: string },
    once: Once | undefined,
  ): Promise<Webhook> => {
    await checkTarget('url', fields.url);
    const scope = scopeId(caller.scope);
    const id = newId('wh');
    const { partnerId } = caller;
    const sealed = await box.seal({ scopeId: scope, endpointId: id }, partnerId, secret);
    const createdAtMicros = nowMicros();
    const webhook = { ...fields, id, lastStatus: null, createdAtMicros, updatedAtMicros: createdAtMicros };
    const added = { webhook, partnerId, secret: sealed };
    if (!(await webhooks.insert(scope, added, mostWebhooks, once))) throw tooManyWebhooks();
    return webhook;
  };
