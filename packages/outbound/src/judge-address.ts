import type { AddressBlocks } from '@scaivault/runtime';
import ipaddr from 'ipaddr.js';

/** The only v6 space that IANA has given out for use between networks. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

const v4At = (address: ipaddr.IPv6, firstByte: number): ipaddr.IPv4 =>
  new ipaddr.IPv4(address.toByteArray().slice(firstByte, firstByte + 4));

/** What a packet to this address ends at: mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056) addresses carry a v4 one inside. */
const plainForm = (address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 => {
  if (address instanceof ipaddr.IPv4) return address;
  const range = address.range();
  if (range === 'ipv4Mapped' || address.match(nat64)) return v4At(address, 12);
  return range === '6to4' ? v4At(address, 2) : address;
};

/** Everything that is not plainly the public internet has a range of its own; what has none is reached like any host. */
const isPublic = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  address.range() === 'unicast' && (address instanceof ipaddr.IPv4 || address.match(globalUnicast));

export type Verdict = 'public' | 'excepted' | 'refused';

/**
 * Whether a target may have this address (rest-api-core 15): public ones may, and those in `exceptions`
 * (OUTBOUND_ALLOWED_CIDRS). Loopback, private, link-local, shared, multicast, unspecified, documentation, benchmark and
 * reserved ones may not, nor the v6 forms that lead to such a v4 one.
 */
export const judgeAddress = (text: string, exceptions: AddressBlocks): Verdict => {
  const address = plainForm(ipaddr.parse(text));
  if (exceptions.contains(address.toString())) return 'excepted';
  return isPublic(address) ? 'public' : 'refused';
};
