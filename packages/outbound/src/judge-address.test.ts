import { createAddressBlocks } from '@scaivault/runtime';
import { describe, expect, it } from 'vitest';
import { judgeAddress } from './judge-address.ts';

const none = createAddressBlocks('OUTBOUND_ALLOWED_CIDRS', []);

describe('judgeAddress', () => {
  it.each([
    ['unspecified', '0.0.0.0', '0.1.2.3', '::'],
    ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
    ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1', 'fec0::1'],
    ['link-local, where clouds keep their credentials', '169.254.169.254', 'fe80::1', 'febf::1'],
    ['shared by carriers', '100.64.0.1', '100.127.255.255'],
    ['multicast and broadcast', '224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1'],
    ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
    ['benchmark', '198.18.0.1', '198.19.255.255', '2001:2::1'],
    ['reserved', '192.0.0.1', '240.0.0.1', '100::1', '4000::1', '64:ff9b:1::808:808', '2001::1', '::ffff:0:808:808'],
    ['v4-mapped', '::ffff:127.0.0.1', '::ffff:a00:1', '::ffff:169.254.169.254', '::7f00:1'],
    ['NAT64', '64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b::c0a8:101'],
    ['6to4', '2002:7f00:1::', '2002:a00:1::1', '2002:c0a8:101:1::1'],
  ])('refuses addresses that are %s', (_what, ...addresses) => {
    for (const address of addresses) expect([address, judgeAddress(address, none)]).toEqual([address, 'refused']);
  });

  it('lets public addresses pass, in the forms that lead to them too', () => {
    const addresses = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'];
    for (const address of addresses) expect([address, judgeAddress(address, none)]).toEqual([address, 'public']);
  });

  it('lets pass what the operator has excepted, and nothing beside it', () => {
    const exceptions = createAddressBlocks('OUTBOUND_ALLOWED_CIDRS', ['10.1.0.0/16', 'fd00:1::/32', '127.0.0.1']);
    for (const address of ['10.1.2.3', 'fd00:1::5', '127.0.0.1', '::ffff:10.1.2.3'])
      expect([address, judgeAddress(address, exceptions)]).toEqual([address, 'excepted']);
    for (const address of ['10.2.0.1', 'fd00:2::5', '127.0.0.2'])
      expect([address, judgeAddress(address, exceptions)]).toEqual([address, 'refused']);
  });
});
