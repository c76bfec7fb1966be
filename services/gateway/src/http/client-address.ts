import { isIPv4 } from 'node:net';
import { ConfigurationError } from '@scaivault/runtime';
import ipaddr from 'ipaddr.js';

type Block = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

const parseBlock = (text: string): Block => {
  try {
    return text.includes('/')
      ? ipaddr.parseCIDR(text)
      : [ipaddr.process(text), ipaddr.process(text).kind() === 'ipv4' ? 32 : 128];
  } catch {
    throw new ConfigurationError('TRUSTED_PROXIES', 'must be CIDR blocks parted by commas');
  }
};

/**
 * Finds the address a request came from (rest-api-core 2.1): the socket's, or, behind trusted proxies, the rightmost
 * X-Forwarded-For entry that is none of them. Entries further left are the client's own words.
 */
export const createClientAddress = (
  trustedProxies: readonly string[],
): ((socketAddress: string | undefined, forwardedFor: string | undefined) => string | undefined) => {
  const blocks = trustedProxies.map(parseBlock);
  const isTrusted = (address: string): boolean => {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return blocks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits));
  };
  // Almost every address is IPv4 in the one form that there is of it.
  const plain = (address: string): string => {
    if (isIPv4(address) || !ipaddr.isValid(address)) return address;
    return ipaddr.process(address).toString();
  };
  return (socketAddress, forwardedFor) => {
    if (socketAddress === undefined) return undefined;
    if (blocks.length === 0 || forwardedFor === undefined || !isTrusted(socketAddress)) return plain(socketAddress);
    const entries = forwardedFor.split(',').map((entry) => entry.trim());
    const nearest = entries.reverse().find((entry) => !isTrusted(entry));
    return nearest !== undefined && ipaddr.isValid(nearest) ? plain(nearest) : plain(socketAddress);
  };
};
