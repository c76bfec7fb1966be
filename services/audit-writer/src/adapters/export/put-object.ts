import { type Outbound, OutboundError, type OutboundRequest } from '@scaivault/outbound';
import { DestinationFailure, failureOf } from '../../domain/export/destination-failure.ts';

/** What a failure on the way says, in the words of an export. */
export const asDestinationFailure = (error: unknown): unknown => {
  if (!(error instanceof OutboundError)) return error;
  return new DestinationFailure(
    error.failure === 'blocked_target' ? 'target_not_allowed' : 'unreachable',
    undefined,
    error,
  );
};

/** Puts an object, through the client that keeps tenants out of our own network. DestinationFailure. */
export const putObject = async (
  outbound: Pick<Outbound, 'send'>,
  url: string,
  request: Pick<OutboundRequest, 'headers' | 'body'>,
  timeoutMs: number,
): Promise<void> => {
  const status = await outbound.send(url, { method: 'PUT', ...request }, timeoutMs).catch((error: unknown) => {
    throw asDestinationFailure(error);
  });
  const failure = failureOf(status);
  if (failure !== undefined) throw failure;
};
