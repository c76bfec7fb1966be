import { type PartnerId, parsePartnerId, parseTenantId, parseTimestamp, type TenantId } from '@scaivault/tenancy';
import type { EventData } from './event-data.ts';
import { unsound } from './unsound.ts';

/** An event of ScaiKey as it was signed (rest-api-core 11.2). */
export interface Envelope {
  readonly eventId: string;
  readonly eventType: string;
  /** When it happened, by ScaiKey's clock: microseconds since the epoch. */
  readonly atMicros: number;
  readonly resource: { readonly type: string | undefined; readonly id: string | undefined };
  readonly tenantId: TenantId | undefined;
  readonly partnerId: PartnerId | undefined;
  readonly data: EventData;
}

const word = /^[\x21-\x7e]{1,128}$/;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseObject = (body: Uint8Array): Readonly<Record<string, unknown>> => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // Neither error says more than this; the parser's message would quote the body.
    throw unsound('body', 'is no JSON in UTF-8');
  }
  if (!isObject(parsed)) throw unsound('body', 'is no JSON object');
  return parsed;
};

const requireWord = (value: unknown, field: string): string => {
  if (typeof value !== 'string' || !word.test(value)) throw unsound(field, 'has no usable form');
  return value;
};

const optionalWord = (value: unknown, field: string): string | undefined =>
  value === undefined || value === null ? undefined : requireWord(value, field);

const objectOf = (value: unknown, field: string): Readonly<Record<string, unknown>> => {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw unsound(field, 'is no JSON object');
  return value;
};

const readTime = (value: unknown): number => {
  const micros = typeof value === 'string' ? parseTimestamp(value) : undefined;
  if (micros === undefined || micros < 0) throw unsound('timestamp', 'is no RFC 3339 timestamp');
  return micros;
};

/** Reads a body whose signature has been checked; 400 `invalid_request`. */
export const parseEnvelope = (body: Uint8Array): Envelope => {
  const event = parseObject(body);
  const resource = objectOf(event.resource, 'resource');
  const tenantId = optionalWord(event.tenant_id, 'tenant_id');
  const partnerId = optionalWord(event.partner_id, 'partner_id');
  return {
    eventId: requireWord(event.event_id, 'event_id'),
    eventType: requireWord(event.event_type, 'event_type'),
    atMicros: readTime(event.timestamp),
    resource: {
      type: optionalWord(resource.type, 'resource.type'),
      id: optionalWord(resource.id, 'resource.id'),
    },
    tenantId: tenantId === undefined ? undefined : parseTenantId(tenantId),
    partnerId: partnerId === undefined ? undefined : parsePartnerId(partnerId),
    data: objectOf(event.data, 'data'),
  };
};
