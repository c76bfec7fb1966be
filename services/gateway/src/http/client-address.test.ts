import { describe, expect, it } from 'vitest';
import { createClientAddress } from './client-address.ts';

describe('createClientAddress', () => {
  const proxies = ['10.0.0.0/8', '2001:db8:ffff::/48', '192.0.2.7'];
  const behind = createClientAddress(proxies);

  it.each([
    ['nobody is trusted: the socket', [], '203.0.113.1', '198.51.100.1', '203.0.113.1'],
    ['a stranger forwards: the socket', proxies, '203.0.113.1', '198.51.100.1', '203.0.113.1'],
    ['a proxy without a header: the proxy', proxies, '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy forwards', proxies, '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['two proxies in a row', proxies, '10.0.0.1', '198.51.100.1, 192.0.2.7', '198.51.100.1'],
    [
      'what the client wrote itself is left of it',
      proxies,
      '10.0.0.1',
      '127.0.0.1, 10.0.0.9, 198.51.100.1',
      '198.51.100.1',
    ],
    ['a chain of proxies only: the socket', proxies, '10.0.0.1', '10.0.0.2, 10.0.0.3', '10.0.0.1'],
    ['a proxy that listens on v6', proxies, '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['a proxy of v6', proxies, '2001:db8:ffff::1', '2001:db8:0:0::5', '2001:db8::5'],
    ['a mapped client', proxies, '10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['an entry with a port', proxies, '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['a v6 entry in brackets', proxies, '10.0.0.1', '[2001:db8::5]', '2001:db8::5'],
    ['a v6 entry with a port', proxies, '10.0.0.1', '[2001:DB8::5]:4711', '2001:db8::5'],
    ['a v6 entry with a zone', proxies, '10.0.0.1', 'fe80::1%eth0', 'fe80::1'],
    ['a trusted entry with a port', proxies, '10.0.0.1', '198.51.100.1, 10.0.0.9:80', '198.51.100.1'],
    ['a socket with a zone', [], 'fe80::1%eth0', undefined, 'fe80::1'],
  ])('%s', (_what, trusted, socket, forwardedFor, expected) => {
    expect(createClientAddress(trusted)(socket, forwardedFor)).toBe(expected);
  });

  it.each([
    'unknown',
    '',
    '_hidden',
    '1',
    '0x7f.1',
    '010.0.0.1',
    '2130706433',
    '198.51.100.1:',
    '[198.51.100.1',
    'a.b.c.d',
  ])('takes the socket for a nearest entry that is no address: %j', (entry) => {
    expect(behind('10.0.0.1', `203.0.113.9, ${entry}`)).toBe('10.0.0.1');
  });

  it.each(['10.0.0.0/33', '010.0.0.0/8', '10/8', '0x0a000000/8', 'localhost', ''])(
    'refuses a setting that is no list of blocks, by its name and without its value: %j',
    (block) => {
      expect(() => createClientAddress([block])).toThrow(/^TRUSTED_PROXIES must be CIDR blocks/);
    },
  );

  it('knows nothing of a socket that is gone', () => {
    expect(behind(undefined, '198.51.100.1')).toBeUndefined();
  });
});
