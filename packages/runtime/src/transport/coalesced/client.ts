import { AsyncLocalStorage } from 'node:async_hooks';
import { type DescMessage, type DescMethodUnary, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import type { UnaryResponse } from '@connectrpc/connect';
import { toVaultError } from '@scaivault/errors';
import { rpcPath } from '../../rpc/dispatcher.ts';
import { withHeaders } from '../../rpc/error-headers.ts';
import { usualTimeoutMs } from '../../rpc/usual-timeout.ts';
import type { HeaderSource } from '../call-metadata.ts';
import { encodeRequest } from '../encode-request.ts';
import { checkHealth, openGrpcClient, type PeerAddress } from '../grpc-client.ts';
import type { PeerTransport } from '../peer-transport.ts';
import { refusalIn } from '../refusal-in.ts';
import { refuseStreams } from '../refuse-streams.ts';
import { unreachable } from '../unreachable.ts';
import { type CallerStream, openCallerStream } from './caller-stream.ts';
import { type DecodedBody, encodeHead } from './entry.ts';

/** Names and values that Headers would leave as they are. */
const plainName = /^[a-z0-9-]+$/;
const plainValue = /^[!-~](?:[ -~]*[!-~])?$/;

const isPlain = ([name, value]: readonly [string, unknown]): boolean =>
  plainName.test(name) && typeof value === 'string' && plainValue.test(value);

/** Name after value of a record that needs nothing of Headers, which cost more than all else of a call; of others, theirs. */
const entriesOf = (header: HeaderSource): Iterable<readonly [string, string]> => {
  if (header === undefined) return [];
  if (header instanceof Headers || Symbol.iterator in header) return new Headers(header);
  const entries = Object.entries(header as Readonly<Record<string, string>>);
  return entries.every(isPlain) ? entries : new Headers(header);
};

const linesOf = (path: string, header: HeaderSource): string[] => {
  const lines = [path];
  for (const [name, value] of entriesOf(header)) lines.push(name, value);
  return lines;
};

const headersOf = (lines: readonly string[]): Headers => {
  const headers = new Headers();
  for (let i = 0; i + 1 < lines.length; i += 2) headers.append(lines[i] ?? '', lines[i + 1] ?? '');
  return headers;
};

/** An answer whose headers are made only when somebody looks at them. */
class CoalescedAnswer<I extends DescMessage, O extends DescMessage> implements UnaryResponse<I, O> {
  readonly stream = false;
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageShape<O>;
  readonly #lines: readonly string[];

  constructor(method: DescMethodUnary<I, O>, message: MessageShape<O>, lines: readonly string[]) {
    this.method = method;
    this.message = message;
    this.#lines = lines;
  }

  get service() {
    return this.method.parent;
  }

  get header(): Headers {
    return headersOf(this.#lines);
  }

  get trailer(): Headers {
    return new Headers();
  }
}

const refusalOf = ({ lines, message }: DecodedBody): Error => {
  const refusal = refusalIn(message);
  return refusal === undefined
    ? toVaultError(new Error('A peer refused in words that are not ours.'))
    : withHeaders(refusal, headersOf(lines));
};

/**
 * The wire between our own processes: calls that start in the same turn leave as one frame of a long-lived gRPC stream,
 * and each is answered when it is done. What was sent is never sent again; when the stream is lost, its calls end with 503
 * `service_unavailable`, and the next call opens another one.
 */
export const createCoalescedTransport = (peer: PeerAddress): PeerTransport => {
  // A retry inside grpc-js would send again what may have run.
  const client = openGrpcClient(peer, { 'grpc.enable_retries': 0 });
  // The stream outlives the call that opens it, and must not hold on to its AsyncLocalStorage.
  const outside = AsyncLocalStorage.snapshot();
  let current: CallerStream | undefined;
  let isClosed = false;
  const streamFor = (): CallerStream => {
    if (current?.takesCalls !== true) current = outside(() => openCallerStream(client));
    return current;
  };
  return {
    unary: (method, signal, timeoutMs = usualTimeoutMs(method), header, input) =>
      new Promise((resolve, reject) => {
        if (isClosed || signal?.aborted || timeoutMs <= 0) {
          reject(unreachable());
          return;
        }
        const head = encodeHead(Math.min(Math.ceil(timeoutMs), 0xffffffff), linesOf(rpcPath(method), header));
        const message = encodeRequest(method.input, input);
        const finish = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', giveUp);
        };
        /** Ends the call by what the wire brought; what cannot be read is a failure like any other. */
        const end =
          (read: (body: DecodedBody) => void) =>
          (body: DecodedBody): void => {
            finish();
            try {
              read(body);
            } catch (error) {
              reject(toVaultError(error));
            }
          };
        const fail = (cause?: unknown): void => {
          finish();
          reject(unreachable(cause));
        };
        const giveUp = (): void => {
          cancel();
          fail();
        };
        const timer = setTimeout(giveUp, timeoutMs);
        signal?.addEventListener('abort', giveUp, { once: true });
        const cancel = streamFor().call([head, message], {
          answer: end(({ message: bytes, lines }) =>
            resolve(new CoalescedAnswer(method, fromBinary(method.output, bytes), lines)),
          ),
          refuse: end((body) => reject(refusalOf(body))),
          lose: fail,
        });
      }),
    stream: refuseStreams,
    checkHealth: (name) => checkHealth(client, name),
    close: () => {
      isClosed = true;
      current?.close();
      client.close();
    },
  };
};
