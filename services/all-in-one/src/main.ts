import { createLogger, loadConfiguration, readEnvironment, runUntilSignal } from '@scaivault/runtime';
import { startVault } from './start-vault.ts';

const env = readEnvironment();
const config = loadConfiguration(env);
const logger = createLogger({ service: 'all-in-one', level: config.LOG_LEVEL, format: config.LOG_FORMAT });

await runUntilSignal({
  start: () => startVault({ config, env, logger }, config.SHUTDOWN_TIMEOUT),
  stopTimeoutMs: () => config.SHUTDOWN_TIMEOUT,
  onFailure: (error) => logger.error({ err: error }, 'ScaiVault cannot go on'),
});
