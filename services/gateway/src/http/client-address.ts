import { isIP, isIPv4 } from 'node:net';
import { createAddressBlocks } from '@scaivault/runtime';
import ipaddr from 'ipaddr.js';

/** `1.2.3.4:80`, `[2001:db8::1]` and `[2001:db8::1]:80`: some proxies write the port, and brackets around v6. */
const withPort = /^(?:\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5})$/;

/** The address in the one form there is of it (v4-mapped v6 as v4, no zone); undefined for anything else. */
const canonical = (text: string): string | undefined => {
  // Almost every address.
  if (isIPv4(text)) return text;
  const match = withPort.exec(text);
  const bare = (match?.[1] ?? match?.[2] ?? text).replace(/%.*$/, '');
  // ipaddr.js also reads what inet_aton's cousins would (octal, hex, fewer parts), which others read as other hosts.
  return isIP(bare) === 0 ? undefined : ipaddr.process(bare).toString();
};

/**
 * Finds the address a request came from (rest-api-core 2.1): the socket's, or, behind trusted proxies, the rightmost
 * X-Forwarded-For entry that is none of them. Entries further left are the client's own words. Where that entry is no
 * address the socket's stands in, so that nobody escapes the count of addresses by nonsense.
 */
export const createClientAddress = (
  trustedProxies: readonly string[],
): ((socketAddress: string | undefined, forwardedFor: string | undefined) => string | undefined) => {
  const proxies = createAddressBlocks('TRUSTED_PROXIES', trustedProxies);
  return (socketAddress, forwardedFor) => {
    if (socketAddress === undefined) return undefined;
    const socket = canonical(socketAddress) ?? socketAddress;
    if (proxies.isEmpty || forwardedFor === undefined || isIP(socket) === 0 || !proxies.contains(socket)) return socket;
    for (const entry of forwardedFor.split(',').reverse()) {
      const address = canonical(entry.trim());
      if (address === undefined) return socket;
      if (!proxies.contains(address)) return address;
    }
    return socket;
  };
};
