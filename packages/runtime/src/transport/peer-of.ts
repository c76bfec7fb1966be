import type { ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import { peerNameIn } from './tls.ts';

/** `1.2.3.4:567` or `[::1]:567` without the port. */
const addressOf = (peer: string): string => peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');

/** Who calls: the name that its certificate proves, and the address of its socket. */
export const peerOf = (
  call: Pick<ServerUnaryCall<unknown, unknown> | ServerDuplexStream<unknown, unknown>, 'getAuthContext' | 'getPeer'>,
) => ({
  peer: peerNameIn(call.getAuthContext().sslPeerCertificate?.subjectaltname),
  peerAddress: addressOf(call.getPeer()),
});
