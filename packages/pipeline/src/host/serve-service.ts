import {
  createDirectTransport,
  createDispatcher,
  createLogger,
  createMetrics,
  createPeerTransports,
  createReadiness,
  type Dispatcher,
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
  runUntilSignal,
  type ServiceModule,
  serverCredentials,
  settingsWithoutEffect,
  startMetricsServer,
  startRpcServer,
} from '@scaivault/runtime';
import { type JudgesBy, openProcessKit, type ProcessKit } from './process-kit.ts';

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
      : await startMetricsServer(config.METRICS_BIND_ADDRESS, config.METRICS_TOKEN, deps.metrics);
  await kit.start();
  await module.start();
  const stopReporting = server === undefined ? undefined : reportChecks(server, { ...kit.checks, ...module.checks });
  logger.info({ rpc_port: server?.port, metrics_port: metricsServer?.port }, `${options.name} is ready`);
  return {
    stop: async () => {
      stopReporting?.();
      server?.setServing(false);
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
  const logger = createLogger({ service: options.name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  for (const name of settingsWithoutEffect(env)) logger.warn(`${name} is set; this version does not use it yet.`);
  const metrics = createMetrics(options.name, productVersion.version, productVersion.commit);
  await runUntilSignal({
    start: () => startService(options, logger, { config, logger, metrics, peersMaySurviveUs: true, nowMs: Date.now }),
    stopTimeoutMs: () => config.SHUTDOWN_TIMEOUT,
    onFailure: (error) => logger.error({ err: error }, `${options.name} cannot go on`),
  });
};
