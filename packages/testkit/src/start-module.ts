import type { DescService } from '@bufbuild/protobuf';
import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { EventIntakeService, type ShippedEvent } from '@scaivault/contracts';
import { createDevelopmentAuthority } from '@scaivault/crypto/development-authority';
import {
  createAuditTrail,
  createAuthenticate,
  createNoteAuthFailure,
  createPipeline,
  createRateLimiter,
  createTokenBuckets,
  type ProcessKit,
  type Violation,
} from '@scaivault/pipeline';
import {
  clientCredentials,
  createCoalescedTransport,
  createDirectTransport,
  createDispatcher,
  createMetrics,
  createUnaryTransport,
  type Dispatcher,
  loadConfiguration,
  type ModuleDependencies,
  type PeerName,
  peerHostname,
  type ServiceModule,
  serverCredentials,
  startRpcServer,
} from '@scaivault/runtime';
import type { JWTPayload } from 'jose';
import { type Logger, pino } from 'pino';
import { createFakeEvents } from './fake-events.ts';
import { createMemoryJournal, type MemoryJournal } from './memory-journal.ts';
import { createTestTokens } from './test-tokens.ts';
import { createTestWorld, type TestWorld } from './test-world.ts';

export type Wire = 'direct' | 'unary' | 'coalesced';

export interface StartModuleOptions {
  readonly wire: Wire;
  /** Builds the module under test. */
  readonly create: (
    dependencies: ModuleDependencies,
    kit: Pick<ProcessKit, 'audit' | 'verify' | 'directory' | 'policies' | 'health'>,
  ) => Promise<ServiceModule>;
  /** Configuration variables, e.g. DATABASE_URL; rate limits are off unless set here. */
  readonly env?: Readonly<Record<string, string>>;
  /** What stands for the other services, by peer. */
  readonly peers?: Readonly<Partial<Record<PeerName, Transport>>>;
}

export interface StartedModule extends AsyncDisposable {
  readonly world: TestWorld;
  readonly journal: MemoryJournal;
  /** Log lines written so far, JSON texts. */
  readonly logLines: readonly string[];
  readonly module: ServiceModule;
  /** Where somebody listens to reads of secrets. */
  readonly accessScopes: Set<string>;
  /** What its outbox has shipped so far. */
  readonly shipped: readonly ShippedEvent[];
  /** Refusals by policies. */
  readonly violations: readonly Violation[];
  /**
   * A client whose calls carry a token with these claims; `tenant_id` tnt_a, `sub` usr_admin with role tenant_admin by
   * default. They come from the gateway unless another process is named.
   */
  client<Service extends DescService>(
    service: Service,
    claims?: JWTPayload,
    headers?: Readonly<Record<string, string>>,
    from?: PeerName,
  ): Promise<Client<Service>>;
  /** A token with these claims, as `client` uses them. */
  mint(claims?: JWTPayload): Promise<string>;
  /** A client that calls as one of our own processes, without a token. */
  peer<Service extends DescService>(service: Service, name: PeerName): Promise<Client<Service>>;
}

const everyScope =
  'secrets:read secrets:write secrets:delete secrets:list secrets:rotate policies:read policies:write audit:read audit:export identity:read identity:admin subscriptions:read subscriptions:write';

const admin: JWTPayload = {
  sub: 'usr_admin',
  email: 'admin@a.example',
  tenant_id: 'tnt_a',
  roles: ['tenant_admin'],
  scope: everyScope,
};

const withHeaders = (transport: Transport, fixed: Readonly<Record<string, string>>): Transport => ({
  ...transport,
  unary: (method, signal, timeoutMs, header, input, values) =>
    transport.unary(method, signal, timeoutMs, { ...fixed, ...Object.fromEntries(new Headers(header)) }, input, values),
});

const openWire = async (
  wire: Wire,
  dispatcher: Dispatcher,
): Promise<{ as(name: PeerName): Promise<Transport>; close(): Promise<void> }> => {
  if (wire === 'direct') {
    return {
      as: (name) => Promise.resolve(createDirectTransport(() => dispatcher, name)),
      close: () => Promise.resolve(),
    };
  }
  const authority = await createDevelopmentAuthority();
  const identity = async (name: PeerName) => {
    const { certificate, key } = await authority.issue(peerHostname(name));
    return {
      certificate: Buffer.from(certificate),
      key: Buffer.from(key),
      authority: Buffer.from(authority.certificate),
    };
  };
  const server = await startRpcServer({
    dispatcher,
    credentials: serverCredentials(await identity('secrets')),
    address: '127.0.0.1:0',
  });
  const connect = async (name: PeerName) =>
    (wire === 'unary' ? createUnaryTransport : createCoalescedTransport)({
      address: `127.0.0.1:${server.port}`,
      credentials: clientCredentials(await identity(name)),
      serverName: peerHostname('secrets'),
    });
  /** One for each process that calls, as between real ones. */
  const open = new Map<PeerName, ReturnType<typeof connect>>();
  return {
    as: (name) => {
      const transport = open.get(name) ?? connect(name);
      open.set(name, transport);
      return transport;
    },
    close: async () => {
      for (const transport of open.values()) (await transport).close();
      await server.stop(1_000);
    },
  };
};

/** A process without Redis whose journal has nothing to ship. */
const calmHealth: ProcessKit['health'] = {
  redis: undefined,
  journal: () => ({ backlogRecords: 0, oldestMs: 0, isWritable: true }),
};

/** Every category unlimited, so that suites are not slowed by limits they do not test. */
const withoutLimits = (): Record<string, string> =>
  Object.fromEntries(
    [
      'SECRETS_READ',
      'SECRETS_WRITE',
      'SECRETS_DELETE',
      'SECRETS_LIST',
      'BATCH_READ',
      'BATCH_METADATA',
      'POLICIES_OPS',
      'POLICIES_TEST',
      'AUDIT_QUERY',
      'IDENTITY_READ',
      'AUTH_READ',
      'AUTH_FAILURES',
      'SUBSCRIPTIONS_OPS',
      'SUBSCRIPTIONS_POLL',
      'WEBHOOKS_INBOUND',
      'WEBHOOKS_OPS',
      'SYSTEM_ADMIN',
    ].map((name) => [`RATE_LIMIT_${name}`, '0']),
  );

/**
 * Starts one service module behind the real pipeline on the wire asked for: real tokens, real policy engine, real limits;
 * tenants, identities and policies come from an in-memory world, and audit records end in memory.
 */
export const startModule = async (options: StartModuleOptions): Promise<StartedModule> => {
  const nowMs = Date.now;
  const logLines: string[] = [];
  const logger: Logger = pino({ level: 'debug' }, { write: (line) => logLines.push(line) });
  const config = loadConfiguration({ ...withoutLimits(), DATABASE_MIGRATE: 'off', ...options.env });
  const metrics = createMetrics('test', '0', 'test');
  const tokens = await createTestTokens(nowMs);
  const world = createTestWorld();
  const journal = createMemoryJournal();
  const audit = createAuditTrail({ journal, metrics });
  const limiter = createRateLimiter({
    buckets: createTokenBuckets({ nowMs, max: 1_000 }),
    limits: config.rateLimits,
    metrics,
  });
  const authenticate = createAuthenticate({ verify: tokens.verify, limiter, onFailure: () => {} });
  const violations: Violation[] = [];
  const pipeline = createPipeline({
    authenticate,
    directory: world,
    policies: world,
    limiter,
    overrides: world,
    audit,
    noteViolation: (violation) => violations.push(violation),
    noteAuthFailure: createNoteAuthFailure({ directory: world, audit, tenantClaims: ['tenant_id'] }),
    metrics,
    logger,
    nowMs,
  });
  const fakeEvents = createFakeEvents();
  let events = fakeEvents.dispatcher;
  const toEvents = createDirectTransport(() => events, 'secrets');
  const module = await options.create(
    {
      config,
      logger,
      metrics,
      nowMs,
      transportTo: (peer) => {
        const transport = options.peers?.[peer] ?? (peer === 'events' ? toEvents : undefined);
        if (transport === undefined) throw new Error(`This test has no ${peer} service.`);
        return transport;
      },
    },
    { audit, verify: tokens.verify, directory: world, policies: world, health: calmHealth },
  );
  const dispatcher = createDispatcher(module.services, pipeline);
  // The events service is its own.
  if (module.services.some(({ desc }) => desc.typeName === EventIntakeService.typeName)) events = dispatcher;
  const wire = await openWire(options.wire, dispatcher);
  await module.start();
  return {
    world,
    journal,
    logLines,
    module,
    shipped: fakeEvents.shipped,
    accessScopes: fakeEvents.accessScopes,
    violations,
    client: async (service, claims = {}, headers = {}, from = 'gateway') => {
      const token = await tokens.sign({ ...admin, ...claims });
      return createClient(service, withHeaders(await wire.as(from), { authorization: `Bearer ${token}`, ...headers }));
    },
    mint: (claims = {}) => tokens.sign({ ...admin, ...claims }),
    peer: async (service, name) => createClient(service, await wire.as(name)),
    [Symbol.asyncDispose]: async () => {
      await wire.close();
      await module.stop();
    },
  };
};
