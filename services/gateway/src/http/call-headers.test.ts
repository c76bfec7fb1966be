import { describe, expect, it } from 'vitest';
import { callHeaders } from './call-headers.ts';

const facts = {
  requestId: 'req_1',
  sourceIp: undefined,
  clientRequestId: undefined,
  tenantPrefix: undefined,
  isForPartner: false,
  refusal: undefined,
};
const keyIn = (key: string | string[] | undefined): string | undefined =>
  callHeaders(key === undefined ? {} : { 'idempotency-key': key as string }, facts)['idempotency-key'];

describe('an Idempotency-Key', () => {
  it('travels as it is', () => {
    expect(keyIn('order 17/a~b')).toBe('order 17/a~b');
    expect(keyIn('x'.repeat(500))).toBe('x'.repeat(500));
    expect(keyIn('')).toBe('');
  });

  it('is not there when it was not sent', () => {
    expect(callHeaders({}, facts)).not.toHaveProperty('idempotency-key');
  });

  it.each(['é', 'è', 'a\tb', '\u007f'])('never becomes another key: %j', (key) => {
    expect(keyIn(key)).toBe('');
  });

  it('sent twice is a key of its own', () => {
    expect(keyIn(['a', 'b'])).toBe('a,b');
  });
});

describe('a name of a tenant or partner', () => {
  const prefixIn = (tenantPrefix: string) => callHeaders({}, { ...facts, tenantPrefix })['x-scaivault-tenant-prefix'];

  it('travels as it is', () => {
    expect(prefixIn('tnt_acme')).toBe('tnt_acme');
    expect(callHeaders({ 'x-tenant-id': 'tnt_acme' }, facts)).toMatchObject({ 'x-tenant-id': 'tnt_acme' });
  });

  it.each([' tnt_acme', 'tnt_acme ', '\ttnt_acme', 'tnt_acm\u00e9', 'tnt_acme\u0000', ''])(
    'never becomes another one: %j',
    (name) => {
      expect(prefixIn(name)).toBe('');
      expect(callHeaders({ 'x-tenant-id': name, 'x-partner-id': name }, facts)).toMatchObject({
        'x-tenant-id': '',
        'x-partner-id': '',
      });
    },
  );
});
