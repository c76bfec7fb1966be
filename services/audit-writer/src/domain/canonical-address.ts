import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * The one spelling an IP address is stored and searched in: IPv4 in four decimal parts also when it came mapped into
 * IPv6, IPv6 as RFC 5952 writes it. What is no address stays as it is.
 */
export const canonicalAddress = (text: string): string => {
  // Of dotted IPv4 there is one form only, and almost every address is that.
  if (isIPv4(text) || !ipaddr.isValid(text)) return text;
  const address = ipaddr.process(text);
  return address.kind() === 'ipv6' ? (address as ipaddr.IPv6).toRFC5952String() : address.toString();
};
