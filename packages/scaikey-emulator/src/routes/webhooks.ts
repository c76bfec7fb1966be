import { VaultError } from '@scaivault/errors';
import type { FastifyInstance } from 'fastify';
import type { EmulatorContext } from '../emulator-context.ts';
import { type DeliveryAnswer, postWebhook } from '../post-webhook.ts';
import { eventActor, newEventId, type WebhookEvent } from '../webhook-event.ts';

const SEND_TIMEOUT_MS = 10_000;
const OUT_OF_ORDER_MS = 3_600_000;

/** The body of `POST /_dev/webhooks:send`: an event, and how to spoil its delivery. */
interface SendRequest {
  event_type: string;
  resource?: { type: string; id: string };
  data?: Record<string, unknown>;
  actor?: { id: string; type: string };
  tenant_id?: string | null;
  partner_id?: string | null;
  event_id?: string;
  timestamp?: string;
  signature?: 'bad' | 'missing';
  age_seconds?: number;
  header_event_id?: string;
  repeat?: number;
  out_of_order?: boolean;
}

const pair = {
  type: 'object',
  required: ['type', 'id'],
  additionalProperties: false,
  properties: { type: { type: 'string' }, id: { type: 'string' } },
} as const;
const nullableText = { anyOf: [{ type: 'string' }, { type: 'null' }] } as const;

const sendSchema = {
  type: 'object',
  required: ['event_type'],
  additionalProperties: false,
  properties: {
    event_type: { type: 'string', minLength: 1 },
    resource: pair,
    data: { type: 'object' },
    actor: pair,
    tenant_id: nullableText,
    partner_id: nullableText,
    event_id: { type: 'string' },
    timestamp: { type: 'string' },
    signature: { enum: ['bad', 'missing'] },
    age_seconds: { type: 'integer' },
    header_event_id: { type: 'string' },
    repeat: { type: 'integer', minimum: 1, maximum: 100 },
    out_of_order: { type: 'boolean' },
  },
} as const;

const buildEvent = (body: SendRequest, now: Date): WebhookEvent => {
  // Made an hour ago but arriving now: every row it speaks of has moved on since.
  const madeAt = new Date(now.getTime() - (body.out_of_order ? OUT_OF_ORDER_MS : 0));
  return {
    event_id: body.event_id ?? newEventId(),
    event_type: body.event_type,
    timestamp: body.timestamp ?? madeAt.toISOString(),
    resource: body.resource ?? { type: body.event_type.split(/[._]/)[0] ?? '', id: String(body.data?.id ?? 'none') },
    actor: body.actor ?? eventActor,
    data: body.data ?? {},
    tenant_id: body.tenant_id ?? null,
    partner_id: body.partner_id ?? null,
  };
};

/** Sends any event at once, past the queue and without touching the directory, and reports what the receiver said. */
export const registerWebhooks = (
  app: FastifyInstance,
  { state, now, webhookUrl }: Pick<EmulatorContext, 'state' | 'now' | 'webhookUrl'>,
): void => {
  app.get('/_dev/webhooks', () => ({
    webhook_id: state.webhookId,
    url: webhookUrl() ?? null,
    waiting: state.waitingEvents.map(({ event_id, event_type }) => ({ event_id, event_type })),
  }));

  app.post<{ Body: SendRequest }>('/_dev/webhooks::send', { schema: { body: sendSchema } }, async ({ body }) => {
    const url = webhookUrl();
    if (url === undefined) throw new VaultError('invalid_config', 'No webhook target is configured.');
    const event = buildEvent(body, now());
    const defects = {
      signature: body.signature,
      ageSeconds: body.age_seconds,
      headerEventId: body.header_event_id,
    };
    const deliveries: DeliveryAnswer[] = [];
    for (let count = 0; count < (body.repeat ?? 1); count += 1) {
      const signal = AbortSignal.timeout(SEND_TIMEOUT_MS);
      const { webhookSecret: secret, webhookId } = state;
      deliveries.push(
        await postWebhook({ url, secret, webhookId, event, now, signal, defects }).catch((cause: unknown) => {
          throw new VaultError('backend_error', 'The webhook target cannot be reached.', { cause });
        }),
      );
    }
    return { event_id: event.event_id, deliveries };
  });
};
