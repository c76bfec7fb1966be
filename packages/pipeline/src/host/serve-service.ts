import {
  becomeWorker,
  createDirectTransport,
  createDispatcher,
  createLogger,
  createMetrics,
  createPeerTransports,
  createReadiness,
  type Dispatcher,
  isWorker,
  type Logger,
  loadConfiguration,
  type ModuleDependencies,
  type PeerName,
  type PeerTransports,
  productVersion,
  type RpcServer,
  type RunningProcess,
  readEnvironment,
  readTlsIdentity,
  releaseStartMemoryAtRest,
  runUntilSignal,
  type ServiceModule,
  serverCredentials,
  settingsWithoutEffect,
  startMetricsServer,
  startRpcServer,
  type Worker,
} from '@scaivault/runtime';
import { type JudgesBy, openProcessKit, type ProcessKit } from './process-kit.ts';
import { serveInWorkers } from './serve-in-workers.ts';

/** Builds the module of one service; the gateway also needs the kit's token check. */
export type CreateModule = (
  dependencies: ModuleDependencies,
  kit: ProcessKit,
  peerCheck: PeerTransports['check'],
) => Promise<ServiceModule>;

export interface ServeOptions {
  readonly name: PeerName;
  readonly createModule: CreateModule;
  /** Listens for gRPC (all but the gateway). */
  readonly listens: boolean;
  readonly judgesBy: JudgesBy;
  /** File of the process, where it may run several times behind one listener (WORKERS). */
  readonly entry?: string;
}

const checkEveryMs = 1_000;

/** Keeps the health services named after checks up to date. */
const reportChecks = (server: RpcServer, checks: ServiceModule['checks']): (() => void) => {
  const ask = createReadiness(checks);
  const report = async (): Promise<void> => {
    const { checks: states } = await ask();
    for (const [name, state] of Object.entries(states)) server.setCheck(name, state === 'ok');
  };
  void report();
  const timer = setInterval(() => void report(), checkEveryMs);
  return () => clearInterval(timer);
};

const startService = async (
  options: ServeOptions,
  logger: Logger,
  dependencies: Omit<ModuleDependencies, 'transportTo'>,
  worker: Worker | undefined,
): Promise<RunningProcess> => {
  const { config } = dependencies;
  const tls = readTlsIdentity(config);
  const peers = createPeerTransports(config, tls);
  let dispatcher: Dispatcher | undefined;
  const itself = createDirectTransport(
    () => dispatcher ?? createDispatcher([], (_method, handler) => handler),
    options.name,
  );
  const deps: ModuleDependencies = {
    ...dependencies,
    transportTo: (peer) => (peer === options.name ? itself : peers.to(peer)),
  };
  const kit = await openProcessKit({
    ...deps,
    name: options.name,
    worker,
    judgesBy: options.judgesBy,
    adoptsJournals: options.name === 'audit-writer',
  });
  const module = await options.createModule(deps, kit, peers.check);
  dispatcher = createDispatcher(module.services, kit.intercept);
  const server = options.listens
    ? await startRpcServer({ dispatcher, credentials: serverCredentials(tls), address: config.RPC_BIND_ADDRESS })
    : undefined;
  const metricsServer =
    config.METRICS_BIND_ADDRESS === ''
      ? undefined
      : await startMetricsServer(config.METRICS_BIND_ADDRESS, config.METRICS_TOKEN, deps.metrics, worker !== undefined);
  await kit.start();
  releaseStartMemoryAtRest();
  await module.start();
  const stopReporting = server === undefined ? undefined : reportChecks(server, { ...kit.checks, ...module.checks });
  await worker?.ready();
  logger.info({ rpc_port: server?.port, metrics_port: metricsServer?.port }, `${options.name} is ready`);
  return {
    stop: async () => {
      stopReporting?.();
      server?.setServing(false);
      await module.lastWords?.();
      module.drain?.();
      await server?.stop(config.SHUTDOWN_TIMEOUT / 2);
      await kit.stop();
      await module.stop();
      await metricsServer?.stop();
      peers.close();
      logger.info(`${options.name} has stopped`);
    },
  };
};

/** A process with one service: configuration, road, gRPC, metrics, until a signal ends it. */
export const serveService = async (options: ServeOptions): Promise<void> => {
  const env = readEnvironment();
  const config = loadConfiguration(env);
  const { name, entry } = options;
  const logger = createLogger({ service: name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const start = (): Promise<RunningProcess> => {
    if (entry !== undefined && config.WORKERS > 1 && !isWorker()) {
      return serveInWorkers({ entry, config, env, logger, stopTimeoutMs: config.SHUTDOWN_TIMEOUT });
    }
    for (const unread of settingsWithoutEffect(env)) logger.warn(`${unread} is set; this version does not use it yet.`);
    const metrics = createMetrics(name, productVersion.version, productVersion.commit);
    const worker = becomeWorker(metrics);
    return startService(options, logger, { config, logger, metrics, nowMs: Date.now }, worker);
  };
  await runUntilSignal({
    start,
    stopTimeoutMs: () => config.SHUTDOWN_TIMEOUT,
    onFailure: (error) => logger.error({ err: error }, `${name} cannot go on`),
  });
};
