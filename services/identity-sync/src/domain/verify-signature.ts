import { createHmac, timingSafeEqual } from 'node:crypto';
import { VaultError } from '@scaivault/errors';
import type { Secret } from '@scaivault/runtime';

const toleranceMs = 300_000;

interface Parts {
  /** As it was sent: these characters are signed. */
  readonly time: string;
  readonly macs: readonly Buffer[];
}

/** Several `v1` parts are allowed, parts of other names are not ours; undefined when the header has no usable form. */
const parseParts = (header: string): Parts | undefined => {
  const times: string[] = [];
  const macs: Buffer[] = [];
  for (const part of header.split(',')) {
    const [, name, value = ''] = /^\s*([^=\s]+)=(\S*)\s*$/.exec(part) ?? [];
    if (name === 't') times.push(value);
    else if (name === 'v1' && /^[0-9a-fA-F]{64}$/.test(value)) macs.push(Buffer.from(value, 'hex'));
  }
  const [time] = times;
  if (time === undefined || times.length > 1 || !/^\d{1,12}$/.test(time)) return undefined;
  return { time, macs };
};

const holds = (header: string | undefined, body: Uint8Array, secrets: readonly Secret[], nowMs: number): boolean => {
  const parts = parseParts(header ?? '');
  if (parts === undefined || Math.abs(nowMs - Number(parts.time) * 1000) > toleranceMs) return false;
  // Every pair is compared, so that the time taken does not tell which secret or part came close.
  let found = false;
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret.reveal()).update(`${parts.time}.`).update(body).digest();
    for (const mac of parts.macs) if (timingSafeEqual(mac, expected)) found = true;
  }
  return found;
};

/**
 * Checks `t=<unix>,v1=<hex>` over the body as it came, against each secret (rest-api-core 11.2). 401 `signature_invalid`
 * without a word about why.
 */
export const verifySignature = (
  header: string | undefined,
  body: Uint8Array,
  secrets: readonly Secret[],
  nowMs: number,
): void => {
  if (holds(header, body, secrets, nowMs)) return;
  throw new VaultError('signature_invalid', 'The signature of this event is not valid.');
};
