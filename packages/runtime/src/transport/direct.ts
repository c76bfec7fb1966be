import { AsyncLocalStorage } from 'node:async_hooks';
import { fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { CallContext } from '../rpc/call-context.ts';
import { type CompiledMethod, type Dispatcher, rpcPath } from '../rpc/dispatcher.ts';
import { withHeaders } from '../rpc/error-headers.ts';
import { sendable, withoutCause } from '../rpc/wire-error.ts';
import { metadataFromHeaders } from './call-metadata.ts';
import { encodeRequest } from './encode-request.ts';
import { defaultRpcTimeoutMs, maxMessageBytes } from './limits.ts';
import { refuseStreams } from './refuse-streams.ts';
import { unreachable } from './unreachable.ts';

const encodeAnswer = (target: CompiledMethod, answer: Message): Uint8Array => {
  const bytes = toBinary(target.desc.output, answer);
  if (bytes.length > maxMessageBytes) throw new Error(`The answer of ${target.path} is too large.`);
  return bytes;
};

/**
 * The wire inside one process: handlers behind the same interceptors, with encoded-and-decoded copies of request and
 * answer, so that neither side can see or change the other's objects. `peer` is the name the caller acts under.
 */
export const createDirectTransport = (dispatcher: () => Dispatcher, peer: string): Transport => {
  // Handlers run outside the caller's async context; otherwise its AsyncLocalStorage would leak into them.
  const outside = AsyncLocalStorage.snapshot();
  return {
    unary: (method, signal, timeoutMs = defaultRpcTimeoutMs, header, input) =>
      new Promise((resolve, reject) => {
        const target = dispatcher().methods.get(rpcPath(method));
        if (target === undefined || signal?.aborted || timeoutMs <= 0) {
          reject(unreachable());
          return;
        }
        const request = encodeRequest(method.input, input);
        const call = new CallContext({
          method: target.desc,
          metadata: metadataFromHeaders(header),
          peer,
          peerAddress: undefined,
          deadlineMs: Date.now() + timeoutMs,
        });
        const finish = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', giveUp);
        };
        const giveUp = (): void => {
          finish();
          call.abort(unreachable());
          reject(unreachable());
        };
        const timer = setTimeout(giveUp, timeoutMs);
        signal?.addEventListener('abort', giveUp, { once: true });
        outside(() => target.handle(fromBinary(target.desc.input, request), call))
          .then((answer) => {
            const message = fromBinary(method.output, encodeAnswer(target, answer));
            const header = call.responseHeaderIfSet ?? new Headers();
            resolve({ stream: false, service: method.parent, method, header, trailer: new Headers(), message });
          })
          .catch((thrown: unknown) => reject(withHeaders(withoutCause(sendable(thrown)), call.responseHeaderIfSet)))
          .finally(finish);
      }),
    stream: refuseStreams,
  };
};
