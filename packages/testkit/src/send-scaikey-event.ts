import { createHmac, randomUUID } from 'node:crypto';

export interface ScaiKeyEvent {
  readonly type: string;
  /** Id of what it is about. */
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly tenantId: string;
  readonly partnerId: string;
}

/** Delivers one event of now, signed as ScaiKey signs it (rest-api-core 11.2); rejects unless it was taken. */
export const sendScaiKeyEvent = async (
  { url, secret }: { readonly url: string; readonly secret: string },
  { type, id, data, tenantId, partnerId }: ScaiKeyEvent,
): Promise<void> => {
  const eventId = `evt_${randomUUID()}`;
  const body = JSON.stringify({
    event_id: eventId,
    event_type: type,
    timestamp: new Date().toISOString(),
    resource: { type: type.split('.')[0], id },
    actor: { id: 'test', type: 'user' },
    data,
    tenant_id: tenantId,
    partner_id: partnerId,
  });
  const seconds = Math.floor(Date.now() / 1000);
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`);
  const answer = await fetch(`${url}/v1/identity/webhooks/scaikey`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-scaikey-event-id': eventId,
      'x-scaikey-event-type': type,
      'x-scaikey-timestamp': `${seconds}`,
      'x-scaikey-signature': `t=${seconds},v1=${mac.digest('hex')}`,
    },
    body,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${type}: ${answer.status} ${text}`);
};
