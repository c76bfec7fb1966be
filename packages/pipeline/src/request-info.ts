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

/**
 * Reads the facts of a call; what `edges` say of the client counts only when one of them says it: the gateway, or for calls
 * that another of our processes makes for its caller, that process.
 */
export const openRequest = (call: CallContext, edges: ReadonlySet<string>): RequestInfo => {
  const { metadata } = call;
  if (call.peer !== undefined && edges.has(call.peer)) {
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

/** The metadata of a call that one of our processes makes for its caller, with the token that came with `call`. */
export const metadataFor = (call: CallContext, request: RequestInfo, tenantId: string): Record<string, string> => {
  const told = {
    [metadataNames.authorization]: call.metadata.get(metadataNames.authorization),
    [metadataNames.traceparent]: call.metadata.get(metadataNames.traceparent),
    [metadataNames.tenantHeader]: tenantId,
    [metadataNames.requestId]: request.requestId,
    [metadataNames.clientRequestId]: request.clientRequestId,
    [metadataNames.sourceIp]: request.sourceIp,
    [metadataNames.userAgent]: request.userAgent,
  };
  return Object.fromEntries(Object.entries(told).filter((entry): entry is [string, string] => entry[1] !== undefined));
};

/** The facts of a request that ends in the gateway itself. */
export const openRequestFrom = (seen: Pick<RequestInfo, 'requestId' | 'sourceIp' | 'userAgent'>): RequestInfo => ({
  ...seen,
  userAgent: seen.userAgent?.slice(0, longestUserAgent),
  clientRequestId: undefined,
  startedMicros: nowMicros(),
});
