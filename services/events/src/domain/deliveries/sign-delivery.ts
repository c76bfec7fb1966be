import { createHmac, type KeyObject } from 'node:crypto';

/** Present and, for a while after a change, former secret. */
export interface SigningSecrets {
  readonly current: KeyObject;
  readonly previous: KeyObject | undefined;
}

const userAgent = 'ScaiVault-Webhook/1.0';

/** HMAC-SHA256 of timestamp, `.` and raw body (rest-api-core 9). */
const sign = (secret: KeyObject, unixSeconds: number, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${unixSeconds}.`).update(body).digest('hex')}`;

/** The headers of one attempt; each attempt has a time, and so a signature, of its own. */
export const deliveryHeaders = (
  { eventId, eventType, body }: { readonly eventId: string; readonly eventType: string; readonly body: string },
  { current, previous }: SigningSecrets,
  unixSeconds: number,
): Readonly<Record<string, string>> => ({
  'Content-Type': 'application/json',
  'User-Agent': userAgent,
  'X-ScaiVault-Event-Id': eventId,
  'X-ScaiVault-Event-Type': eventType,
  'X-ScaiVault-Timestamp': String(unixSeconds),
  'X-ScaiVault-Signature': sign(current, unixSeconds, body),
  ...(previous === undefined ? {} : { 'X-ScaiVault-Signature-Previous': sign(previous, unixSeconds, body) }),
});
