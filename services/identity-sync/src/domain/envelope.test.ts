import { isVaultError } from '@scaivault/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvelope } from './envelope.ts';

const event = {
  event_id: 'evt_1',
  event_type: 'user.created',
  timestamp: '2026-05-01T12:00:00.125Z',
  resource: { type: 'user', id: 'usr_1' },
  actor: { id: 'x', type: 'system' },
  data: { email: 'a@a.example' },
  tenant_id: 'tnt_a',
  partner_id: null,
};
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('an envelope', () => {
  it('is read with its time in microseconds', () => {
    expect(parseEnvelope(bytes(event))).toEqual({
      eventId: 'evt_1',
      eventType: 'user.created',
      atMicros: Date.parse(event.timestamp) * 1000,
      resource: { type: 'user', id: 'usr_1' },
      tenantId: 'tnt_a',
      partnerId: undefined,
      data: { email: 'a@a.example' },
    });
  });

  it('may lack what an event of its type does not need', () => {
    const { event_id, event_type, timestamp } = event;
    expect(parseEnvelope(bytes({ event_id, event_type, timestamp }))).toMatchObject({
      resource: { type: undefined, id: undefined },
      tenantId: undefined,
      data: {},
    });
  });

  it.each([
    ['an id', { event_id: undefined }],
    ['a text as id', { event_id: 7 }],
    ['a short id', { event_id: 'x'.repeat(129) }],
    ['an id without a NUL', { event_id: 'evt\0' }],
    ['a type', { event_type: '' }],
    ['a timestamp', { timestamp: 'yesterday' }],
    ['a timestamp after 1970', { timestamp: '1969-12-31T23:59:59Z' }],
    ['a timestamp in words', { timestamp: 1_700_000_000 }],
    ['a tenant that can be one', { tenant_id: 'a b' }],
    ['a partner that can be one', { partner_id: ['ptn'] }],
    ['a resource object', { resource: 'usr_1' }],
    ['a data object', { data: [] }],
  ])('needs %s', (_what, change) => {
    expect(() => parseEnvelope(bytes({ ...event, ...change }))).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });

  it('is refused as invalid_request, and in no other way, whatever the bytes', () => {
    const anything = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(anything, (body) => {
        try {
          parseEnvelope(body);
        } catch (error) {
          expect(isVaultError(error, 'invalid_request')).toBe(true);
        }
      }),
    );
  });
});
