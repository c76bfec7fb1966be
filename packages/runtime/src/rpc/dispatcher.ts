import {
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  getOption,
  hasOption,
  type Message,
} from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { access, surface } from '@scaivault/contracts';
import type { CallContext } from './call-context.ts';

export type UnaryHandler = (request: Message, call: CallContext) => Promise<Message>;

/** Puts steps in front of and behind a handler; called once per RPC at start. */
export type Interceptor = (method: DescMethodUnary, handler: UnaryHandler) => UnaryHandler;

export interface MountedService {
  readonly desc: DescService;
  readonly implementation: Readonly<Record<string, unknown>>;
}

/** Ties an implementation to its contract; a missing RPC is a compile error here and a start-up error in the dispatcher. */
export const mount = <Service extends DescService>(
  desc: Service,
  implementation: ServiceImpl<Service>,
): MountedService => ({
  desc,
  implementation: implementation as Readonly<Record<string, unknown>>,
});

export interface CompiledMethod {
  readonly desc: DescMethodUnary;
  /** gRPC path, `/package.Service/Method`. */
  readonly path: string;
  readonly handle: UnaryHandler;
}

export interface Dispatcher {
  readonly services: readonly DescService[];
  readonly methods: ReadonlyMap<string, CompiledMethod>;
}

export const rpcPath = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === 'unary';

const handlerOf = ({ implementation }: MountedService, method: DescMethod): UnaryHandler => {
  const found = implementation[method.localName];
  if (typeof found !== 'function') throw new Error(`RPC ${rpcPath(method)} has no handler.`);
  return async (request, call) => (await found.call(implementation, request, call as HandlerContext)) as Message;
};

/**
 * Compiles every RPC of the mounted services behind the interceptor. Refuses to build (so the process refuses to start)
 * when an RPC lacks its access option or its handler, when a service names no peer, or when an RPC is not unary.
 */
export const createDispatcher = (services: readonly MountedService[], intercept: Interceptor): Dispatcher => {
  const methods = new Map<string, CompiledMethod>();
  for (const mounted of services) {
    if (getOption(mounted.desc, surface).peer === '') {
      throw new Error(`Service ${mounted.desc.typeName} lacks the surface option that names its peer.`);
    }
    for (const method of mounted.desc.methods) {
      const path = rpcPath(method);
      if (!hasOption(method, access)) throw new Error(`RPC ${path} lacks the access option.`);
      if (!isUnary(method)) throw new Error(`RPC ${path} is a stream; our wires carry unary calls only.`);
      if (methods.has(path)) throw new Error(`RPC ${path} is mounted twice.`);
      methods.set(path, { desc: method, path, handle: intercept(method, handlerOf(mounted, method)) });
    }
  }
  return { services: services.map(({ desc }) => desc), methods };
};
