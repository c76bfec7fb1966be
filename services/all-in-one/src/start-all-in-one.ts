import { createAuditWriterModule } from '@scaivault/audit-writer/module';
import { createEventsModule } from '@scaivault/events/module';
import { createGatewayModule } from '@scaivault/gateway/module';
import { createIdentitySyncModule } from '@scaivault/identity-sync/module';
import { openProcessKit } from '@scaivault/pipeline';
import { createPolicyModule } from '@scaivault/policy/module';
import {
  becomeWorker,
  type Configuration,
  createDirectTransport,
  createDispatcher,
  createMetrics,
  type Dispatcher,
  type Environment,
  type Logger,
  type ModuleDependencies,
  type PeerName,
  productVersion,
  type RunningProcess,
  releaseStartMemoryAtRest,
  settingsWithoutEffect,
  startMetricsServer,
} from '@scaivault/runtime';
import { createSecretsModule } from '@scaivault/secrets/module';

export interface RunningVault extends RunningProcess {
  /** Port of the REST API. */
  readonly port: number;
  /** Port of /v1/metrics, when it has one of its own. */
  readonly metricsPort: number | undefined;
}

/** All services in one process: the same modules behind the same pipeline, over the direct wire. */
export const startAllInOne = async (config: Configuration, env: Environment, logger: Logger): Promise<RunningVault> => {
  for (const name of settingsWithoutEffect(env)) logger.warn(`${name} is set; this version does not use it yet.`);
  const metrics = createMetrics('all-in-one', productVersion.version, productVersion.commit);
  const worker = becomeWorker(metrics);
  let dispatcher: Dispatcher | undefined;
  const mounted = (): Dispatcher => {
    if (dispatcher === undefined) throw new Error('A service was called before all were mounted.');
    return dispatcher;
  };
  const dependenciesOf = (name: PeerName): ModuleDependencies => {
    const transport = createDirectTransport(mounted, name);
    return {
      config,
      logger: logger.child({ service: name }),
      metrics,
      transportTo: () => transport,
      nowMs: Date.now,
    };
  };
  const kit = await openProcessKit({
    ...dependenciesOf('gateway'),
    name: 'all-in-one',
    worker,
    judgesBy: 'policies',
    // One is enough for what nobody else ships.
    adoptsJournals: worker === undefined || worker.number === 1,
  });
  const services = [
    await createIdentitySyncModule(dependenciesOf('identity-sync'), kit),
    await createPolicyModule(dependenciesOf('policy')),
    await createSecretsModule(dependenciesOf('secrets'), kit),
    await createAuditWriterModule(dependenciesOf('audit-writer'), kit),
    await createEventsModule(dependenciesOf('events'), kit),
  ];
  dispatcher = createDispatcher(
    services.flatMap((module) => module.services),
    kit.intercept,
  );
  const checks = Object.assign({}, kit.checks, ...services.map((module) => module.checks)) as typeof kit.checks;
  const gateway = await createGatewayModule(dependenciesOf('gateway'), kit, checks);
  for (const module of services) await module.start();
  await kit.start();
  releaseStartMemoryAtRest();
  await gateway.start();
  const metricsServer =
    config.METRICS_BIND_ADDRESS === ''
      ? undefined
      : await startMetricsServer(config.METRICS_BIND_ADDRESS, config.METRICS_TOKEN, metrics, worker !== undefined);
  await worker?.ready();
  return {
    port: gateway.port() ?? 0,
    metricsPort: metricsServer?.port,
    stop: async () => {
      for (const module of services) module.drain?.();
      await gateway.stop();
      await kit.stop();
      for (const module of services.toReversed()) await module.stop();
      await metricsServer?.stop();
    },
  };
};
