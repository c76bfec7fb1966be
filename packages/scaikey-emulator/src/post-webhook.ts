import type { WebhookEvent } from './webhook-event.ts';
import { signWebhook } from './webhook-signature.ts';

/** Ways to spoil a delivery on purpose. */
interface DeliveryDefects {
  readonly signature?: 'bad' | 'missing' | undefined;
  /** Seconds the signed timestamp lies in the past; negative lies in the future. */
  readonly ageSeconds?: number | undefined;
  /** Puts another id into X-ScaiKey-Event-ID than the body has. */
  readonly headerEventId?: string | undefined;
}

export interface PostWebhook {
  readonly url: string;
  readonly secret: string;
  readonly webhookId: string;
  readonly event: WebhookEvent;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly defects?: DeliveryDefects;
}

export interface DeliveryAnswer {
  readonly status: number;
  readonly body: string;
}

/** Posts one signed event (rest-api-core 11.2); each call signs anew, so a late retry is still fresh. Rejects when unreachable. */
export const postWebhook = async (post: PostWebhook): Promise<DeliveryAnswer> => {
  const { url, secret, webhookId, event, now, signal, defects = {} } = post;
  const body = JSON.stringify(event);
  const unixSeconds = Math.floor(now().getTime() / 1000) - (defects.ageSeconds ?? 0);
  const signature = signWebhook(defects.signature === 'bad' ? `not ${secret}` : secret, unixSeconds, body);
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    signal,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'scaikey-emulator',
      'x-scaikey-webhook-id': webhookId,
      'x-scaikey-event-id': defects.headerEventId ?? event.event_id,
      'x-scaikey-event-type': event.event_type,
      'x-scaikey-timestamp': String(unixSeconds),
      ...(defects.signature === 'missing' ? {} : { 'x-scaikey-signature': signature }),
    },
    body,
  });
  return { status: answer.status, body: (await answer.text()).slice(0, 4096) };
};
