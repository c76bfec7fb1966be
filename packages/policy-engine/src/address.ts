import ipaddr from 'ipaddr.js';

export type SourceAddress = ipaddr.IPv4 | ipaddr.IPv6;

export interface AddressBlock {
  readonly contains: (address: SourceAddress) => boolean;
}

const prefixLength = /^(?:0|[1-9]\d{0,2})$/;

/** Dotted decimal as inet_aton's cousins read it (octal, hex, fewer parts) means different hosts to different readers. */
const isPlain = (text: string): boolean => {
  const lastPart = text.slice(text.lastIndexOf(':') + 1);
  return !lastPart.includes('.') || ipaddr.IPv4.isValidFourPartDecimal(lastPart);
};

/** Undefined when the text is no address. */
const parseAddress = (text: string): SourceAddress | undefined =>
  ipaddr.isValid(text) && isPlain(text) && (text.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(text))
    ? ipaddr.parse(text)
    : undefined;

const unmap = (address: SourceAddress): SourceAddress =>
  address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;

/** A caller's address, v4-mapped v6 as v4 (rest-api-core 6.3); undefined when the text is none. */
export const parseSourceAddress = (text: string): SourceAddress | undefined => {
  const address = parseAddress(text);
  return address && unmap(address);
};

const hasHostBits = (address: SourceAddress, bits: number): boolean =>
  address.toByteArray().some((byte, index) => {
    const networkBits = Math.min(8, Math.max(0, bits - index * 8));
    return (byte & (0xff >> networkBits)) !== 0;
  });

const blockOf = (network: SourceAddress, bits: number): AddressBlock => ({
  contains: (address) =>
    network instanceof ipaddr.IPv4
      ? address instanceof ipaddr.IPv4 && address.match(network, bits)
      : address instanceof ipaddr.IPv6 && address.match(network, bits),
});

/**
 * A CIDR block or a single host (rest-api-core 6.3): the word `host_bits` when bits are set behind the prefix, and
 * undefined when the text is no block at all.
 */
export const parseAddressBlock = (text: string): AddressBlock | 'host_bits' | undefined => {
  const [addressText = '', bitsText, ...rest] = text.split('/');
  const address = addressText.includes('%') ? undefined : parseAddress(addressText);
  if (address === undefined || rest.length > 0) return undefined;

  const width = address instanceof ipaddr.IPv4 ? 32 : 128;
  if (bitsText !== undefined && !prefixLength.test(bitsText)) return undefined;
  const bits = bitsText === undefined ? width : Number(bitsText);
  if (bits > width) return undefined;
  if (hasHostBits(address, bits)) return 'host_bits';

  // A block inside ::ffff:0:0/96 is a v4 block in v6 clothes. A shorter prefix of such an address has host bits, and
  // ::/0 is not mapped: it speaks of v6 only.
  const plain = unmap(address);
  return plain === address ? blockOf(address, bits) : blockOf(plain, bits - 96);
};
