import type { CallContext } from '@scaivault/runtime';
import { newId, nowMicros } from '@scaivault/tenancy';
import { metadataNames } from './metadata.ts';

/** What is known of a request before anybody has proven who sent it. */
export interface RequestInfo {
  readonly requestId: string;
  readonly clientRequestId: string | undefined;
  readonly sourceIp: string | undefined;
  readonly userAgent: string | undefined;
  /** Microseconds since the epoch. */
  readonly startedMicros: number;
}

const longestUserAgent = 512;

/** Reads the facts of a call; what the gateway says of the client counts only when the gateway says it. */
export const openRequest = (call: CallContext): RequestInfo => {
  const { metadata } = call;
  if (call.peer === 'gateway') {
    return {
      requestId: metadata.get(metadataNames.requestId) ?? newId('req'),
      clientRequestId: metadata.get(metadataNames.clientRequestId),
      sourceIp: metadata.get(metadataNames.sourceIp),
      userAgent: metadata.get(metadataNames.userAgent)?.slice(0, longestUserAgent),
      startedMicros: nowMicros(),
    };
  }
  return {
    requestId: newId('req'),
    clientRequestId: undefined,
    sourceIp: call.peerAddress,
    userAgent: metadata.get('user-agent')?.slice(0, longestUserAgent),
    startedMicros: nowMicros(),
  };
};

/** The facts of a request that ends in the gateway itself. */
export const openRequestFrom = (seen: Pick<RequestInfo, 'requestId' | 'sourceIp' | 'userAgent'>): RequestInfo => ({
  ...seen,
  userAgent: seen.userAgent?.slice(0, longestUserAgent),
  clientRequestId: undefined,
  startedMicros: nowMicros(),
});
