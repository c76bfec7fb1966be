import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ConfigurationError } from './configuration.ts';

type Block = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

export interface AddressBlocks {
  readonly isEmpty: boolean;
  /** Of an address in its plain form; v4-mapped v6 is not looked through. */
  contains(address: string): boolean;
}

const parseBlock = (setting: string, text: string): Block => {
  try {
    // ipaddr.js also reads what inet_aton's cousins would: to it `010.0.0.0/8` is a network of somebody else's.
    if (isIP(text.replace(/\/.*$/, '')) === 0) throw new TypeError('no address');
    return text.includes('/')
      ? ipaddr.parseCIDR(text)
      : [ipaddr.process(text), ipaddr.process(text).kind() === 'ipv4' ? 32 : 128];
  } catch {
    throw new ConfigurationError(setting, 'must be CIDR blocks parted by commas');
  }
};

/** The CIDR blocks and single addresses of a setting; ConfigurationError for a text that is neither. */
export const createAddressBlocks = (setting: string, texts: readonly string[]): AddressBlocks => {
  const blocks = texts.map((text) => parseBlock(setting, text));
  return {
    isEmpty: blocks.length === 0,
    contains: (address) => {
      const parsed = ipaddr.parse(address);
      return blocks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits));
    },
  };
};
