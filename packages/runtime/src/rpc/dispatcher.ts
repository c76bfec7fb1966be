import {
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  getOption,
  hasOption,
  type Message,
  type MessageShape,
} from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { access, surface } from '@scaivault/contracts/options/v1/access';
import type { CallContext } from './call-context.ts';

export type UnaryHandler = (request: Message, call: CallContext) => Promise<Message>;

/** Refuses a request by its content alone, for what the contract's field rules cannot say. */
type InputCheck = (request: Message) => void;

/** Puts steps in front of and behind a handler; called once per RPC at start. */
export type Interceptor = (
  method: DescMethodUnary,
  handler: UnaryHandler,
  checkInput?: InputCheck,
  service?: MountedService,
) => UnaryHandler;

/** Checks by RPC; they run with the field rules, before policy and rate limit (rest-api-core 1.8, step 5). */
export type InputChecks<Service extends DescService> = {
  readonly [Name in keyof Service['method']]?: (request: MessageShape<Service['method'][Name]['input']>) => void;
};

export interface MountedService {
  readonly desc: DescService;
  readonly implementation: Readonly<Record<string, unknown>>;
  readonly inputChecks?: Readonly<Record<string, InputCheck>>;
}

/** Ties an implementation to its contract; a missing RPC is a compile error here and a start-up error in the dispatcher. */
export const mount = <Service extends DescService>(
  desc: Service,
  implementation: ServiceImpl<Service>,
  inputChecks: InputChecks<Service> = {},
): MountedService => ({
  desc,
  implementation: implementation as Readonly<Record<string, unknown>>,
  inputChecks: inputChecks as Readonly<Record<string, InputCheck>>,
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
      methods.set(path, {
        desc: method,
        path,
        handle: intercept(method, handlerOf(mounted, method), mounted.inputChecks?.[method.localName], mounted),
      });
    }
  }
  return { services: services.map(({ desc }) => desc), methods };
};
