import { AsyncLocalStorage } from 'node:async_hooks';
import { create, type DescMessage, type DescMethodUnary, type MessageShape } from '@bufbuild/protobuf';
import type { Transport, UnaryResponse } from '@connectrpc/connect';
import { CallContext } from '../rpc/call-context.ts';
import { type CompiledMethod, type Dispatcher, rpcPath } from '../rpc/dispatcher.ts';
import { withHeaders } from '../rpc/error-headers.ts';
import { usualTimeoutMs } from '../rpc/usual-timeout.ts';
import { sendable, withoutCause } from '../rpc/wire-error.ts';
import { metadataFromHeaders } from './call-metadata.ts';
import { compileCopier, type MessageCopier } from './copy-message.ts';
import { requestTooLarge } from './encode-request.ts';
import { refuseStreams } from './refuse-streams.ts';
import { unreachable } from './unreachable.ts';

interface DirectMethod {
  readonly target: CompiledMethod;
  readonly copyRequest: MessageCopier;
  readonly copyAnswer: MessageCopier;
}

const compileMethod = (target: CompiledMethod): DirectMethod => ({
  target,
  copyRequest: compileCopier(target.desc.input, requestTooLarge),
  copyAnswer: compileCopier(target.desc.output, () => new Error(`The answer of ${target.path} is too large.`)),
});

/** An answer whose headers are made only when somebody looks at them. */
class DirectAnswer<I extends DescMessage, O extends DescMessage> implements UnaryResponse<I, O> {
  readonly stream = false;
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageShape<O>;
  readonly #call: CallContext;

  constructor(method: DescMethodUnary<I, O>, message: MessageShape<O>, call: CallContext) {
    this.method = method;
    this.message = message;
    this.#call = call;
  }

  get service() {
    return this.method.parent;
  }

  get header(): Headers {
    return this.#call.responseHeader;
  }

  get trailer(): Headers {
    return new Headers();
  }
}

/**
 * The wire inside one process: handlers behind the same interceptors, with copies of request and answer, so that neither
 * side can see or change the other's objects. `peer` is the name the caller acts under.
 */
export const createDirectTransport = (dispatcher: () => Dispatcher, peer: string): Transport => {
  // Handlers run outside the caller's async context; otherwise its AsyncLocalStorage would leak into them.
  const outside = AsyncLocalStorage.snapshot();
  const compiled = new Map<CompiledMethod, DirectMethod>();
  const methodOf = (target: CompiledMethod): DirectMethod => {
    const known = compiled.get(target) ?? compileMethod(target);
    compiled.set(target, known);
    return known;
  };
  return {
    unary: (method, signal, timeoutMs = usualTimeoutMs(method), header, input) =>
      new Promise((resolve, reject) => {
        const target = dispatcher().methods.get(rpcPath(method));
        if (target === undefined || signal?.aborted || timeoutMs <= 0) {
          reject(unreachable());
          return;
        }
        const { copyRequest, copyAnswer } = methodOf(target);
        const request = copyRequest(create(method.input, input));
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
        const fail = (thrown: unknown): void => {
          finish();
          reject(withHeaders(withoutCause(sendable(thrown)), call.responseHeaderIfSet));
        };
        outside(() => target.handle(request, call)).then((answer) => {
          try {
            const message = copyAnswer(answer) as MessageShape<typeof method.output>;
            finish();
            resolve(new DirectAnswer(method, message, call));
          } catch (thrown) {
            fail(thrown);
          }
        }, fail);
      }),
    stream: refuseStreams,
  };
};
