import { join } from 'node:path';
import { serveInWorkers } from '@scaivault/pipeline/serve-in-workers';
import { type Configuration, type Environment, isWorker, type Logger, type RunningProcess } from '@scaivault/runtime';
import { prepareDatabase } from './prepare-database.ts';

export interface VaultStart {
  readonly config: Configuration;
  /** The environment that `config` was read from, for processes to start. */
  readonly env: Environment;
  readonly logger: Logger;
}

/**
 * The vault in this process, or in WORKERS processes that this one looks after. What serves is loaded where it serves:
 * half of this module's memory would be the product that it does not run.
 */
export const startVault = async (
  { config, env, logger }: VaultStart,
  stopTimeoutMs: number,
): Promise<RunningProcess & { readonly port: number }> => {
  // Once, before several look at the same schema.
  if (!isWorker()) await prepareDatabase(config, env);
  if (config.WORKERS > 1 && !isWorker()) {
    return serveInWorkers({ entry: join(import.meta.dirname, 'main.ts'), config, env, logger, stopTimeoutMs });
  }
  const { startAllInOne } = await import('./start-all-in-one.ts');
  return startAllInOne(config, env, logger);
};
