import { createHmac } from 'node:crypto';

/** `t=<unix>,v1=<hex>`, HMAC-SHA256 over `<t>.<raw body>`; `unixSeconds` is `t` (rest-api-core 11.2). */
export const signWebhook = (secret: string, unixSeconds: number, rawBody: string): string => {
  const mac = createHmac('sha256', secret).update(`${unixSeconds}.${rawBody}`).digest('hex');
  return `t=${unixSeconds},v1=${mac}`;
};
