import { AsyncLocalStorage } from 'node:async_hooks';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { toVaultError, VaultError } from '@scaivault/errors';
import { CallContext } from '../rpc/call-context.ts';
import { type Dispatcher, rpcPath } from '../rpc/dispatcher.ts';
import { withHeaders } from '../rpc/error-headers.ts';
import { withoutCause } from '../rpc/wire-error.ts';
import { metadataFromHeaders } from './call-metadata.ts';
import { defaultRpcTimeoutMs, maxMessageBytes } from './limits.ts';
import { refuseStreams } from './refuse-streams.ts';

const tooSlow = (): VaultError =>
  new VaultError('service_unavailable', 'The service did not answer in time.', { retryAfterSeconds: 1 });

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
        if (target === undefined) {
          reject(new VaultError('service_unavailable', `No service answers ${rpcPath(method)}.`));
          return;
        }
        const call = new CallContext({
          method: target.desc,
          metadata: metadataFromHeaders(header),
          peer,
          peerAddress: undefined,
          deadlineMs: Date.now() + timeoutMs,
        });
        const giveUp = (): void => {
          clearTimeout(timer);
          call.abort(tooSlow());
          reject(tooSlow());
        };
        const timer = setTimeout(giveUp, timeoutMs);
        signal?.addEventListener('abort', giveUp, { once: true });
        const finish = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', giveUp);
        };
        const request = toBinary(method.input, create(method.input, input));
        if (request.length > maxMessageBytes) {
          finish();
          reject(new VaultError('payload_too_large', 'The request is too large.'));
          return;
        }
        outside(() => target.handle(fromBinary(target.desc.input, request), call)).then(
          (answer) => {
            finish();
            resolve({
              stream: false,
              service: method.parent,
              method,
              header: call.responseHeaderIfSet ?? new Headers(),
              trailer: new Headers(),
              message: fromBinary(method.output, toBinary(target.desc.output, answer)),
            });
          },
          (error: unknown) => {
            finish();
            reject(withHeaders(withoutCause(toVaultError(error)), call.responseHeaderIfSet));
          },
        );
      }),
    stream: refuseStreams,
  };
};
