import { isIP } from 'node:net';
import type { AddressBlocks } from '@scaivault/runtime';
import { judgeAddress } from './judge-address.ts';
import { OutboundError } from './outbound-error.ts';
import type { ResolveHost } from './resolve-host.ts';
import type { Target } from './target.ts';

export interface Found {
  /** All of them judged; at least one. */
  readonly addresses: readonly string[];
  /** All of them are exceptions of the operator, so they are reached directly whatever proxy there is. */
  readonly areExcepted: boolean;
}

export type FindAddresses = (target: Target) => Promise<Found>;

/** RFC 6761 section 6.3: these names are loopback, whatever a name server says. */
const isLocalName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

/**
 * Looks a target's host up once and judges what came. One refused address refuses the target: a name that leads both ways
 * is a mistake or an attack. OutboundError `blocked_target`, or `connect` where there is no address.
 */
export const createFindAddresses = ({
  exceptions,
  allowsPlain,
  resolveHost,
}: {
  readonly exceptions: AddressBlocks;
  /** http also to public addresses (ALLOW_INSECURE_TARGETS). */
  readonly allowsPlain: boolean;
  readonly resolveHost: ResolveHost;
}): FindAddresses => {
  const addressesOf = async (host: string): Promise<readonly string[]> => {
    if (isIP(host) !== 0) return [host];
    if (isLocalName(host)) return ['127.0.0.1'];
    try {
      return await resolveHost(host);
    } catch (cause) {
      throw new OutboundError('connect', cause);
    }
  };
  return async ({ host, isPlain }) => {
    const addresses = await addressesOf(host);
    if (addresses.length === 0) throw new OutboundError('connect');
    const verdicts = addresses.map((address) => judgeAddress(address, exceptions));
    const areExcepted = verdicts.every((verdict) => verdict === 'excepted');
    if (verdicts.includes('refused') || (isPlain && !allowsPlain && !areExcepted))
      throw new OutboundError('blocked_target');
    return { addresses, areExcepted };
  };
};
