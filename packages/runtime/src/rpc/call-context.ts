import type { DescMethod, DescService } from '@bufbuild/protobuf';
import type { ContextValues, HandlerContext } from '@connectrpc/connect';
import { createContextValues } from './context-values.ts';

/** Read access to the metadata of a call, names in lower case. */
export interface CallMetadata {
  get(name: string): string | undefined;
}

export interface CallContextInit {
  readonly method: DescMethod;
  readonly metadata: CallMetadata;
  /** Name of the calling process as its certificate (or the composition root) proves it; undefined for outside clients. */
  readonly peer: string | undefined;
  /** Socket address of the caller; undefined inside one process. */
  readonly peerAddress: string | undefined;
  /** Unix milliseconds after which nobody waits for the answer any more. */
  readonly deadlineMs: number;
}

/**
 * What a handler is told about its call: Connect's HandlerContext, built without cost until a part of it is looked at,
 * plus the proven name of the peer.
 */
export class CallContext implements HandlerContext {
  readonly method: DescMethod;
  readonly metadata: CallMetadata;
  readonly peer: string | undefined;
  readonly peerAddress: string | undefined;
  readonly deadlineMs: number;
  readonly values: ContextValues = createContextValues();
  readonly requestMethod = 'POST';
  readonly protocolName = 'grpc';
  readonly timeoutMs = (): number => Math.max(0, this.deadlineMs - Date.now());
  #abort: AbortController | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;

  constructor(init: CallContextInit) {
    this.method = init.method;
    this.metadata = init.metadata;
    this.peer = init.peer;
    this.peerAddress = init.peerAddress;
    this.deadlineMs = init.deadlineMs;
  }

  get service(): DescService {
    return this.method.parent;
  }

  get url(): string {
    return `/${this.method.parent.typeName}/${this.method.name}`;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  /** Part of Connect's interface; our metadata is read through `metadata`, so no handler needs the copy. */
  get requestHeader(): Headers {
    return new Headers();
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers();
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }

  /** The answer's headers when a handler or the pipeline set any. */
  get responseHeaderIfSet(): Headers | undefined {
    return this.#responseHeader;
  }

  /** Tells the handler that nobody waits any more. */
  abort(reason: unknown): void {
    this.#abort ??= new AbortController();
    this.#abort.abort(reason);
  }
}
