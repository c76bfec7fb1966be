import { type AddressBlock, parseAddressBlock } from '../address.ts';
import { inside, readList, readText, unsound } from '../place.ts';
import type { ReadCondition } from './condition.ts';

/** Holds when the source address lies in one of 1 to 50 blocks; an unknown address lies in none. */
export const readIpRanges: ReadCondition = (value, place) => {
  const blocks = readList(value, 50, place).map((entry, index): AddressBlock => {
    const entryPlace = inside(place, index);
    const block = parseAddressBlock(readText(entry, entryPlace));
    if (block === undefined) throw unsound(entryPlace, 'is neither an IP address nor a CIDR block');
    if (block === 'host_bits') throw unsound(entryPlace, 'has bits set behind its prefix length');
    return block;
  });
  return {
    name: 'ip_ranges',
    code: 'ip_not_allowed',
    mfaMaxAge: null,
    isAboutRequest: true,
    holds: ({ sourceAddress }) => {
      const address = sourceAddress();
      return address !== undefined && blocks.some((block) => block.contains(address));
    },
  };
};
