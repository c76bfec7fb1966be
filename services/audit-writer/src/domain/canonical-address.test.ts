import { expect, it } from 'vitest';
import { canonicalAddress } from './canonical-address.ts';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['::', '::'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['the moon', 'the moon'],
  ['', ''],
])('spells %s as %s', (text, expected) => {
  expect(canonicalAddress(text)).toBe(expected);
});
