import {
  type Configuration,
  type Environment,
  findFreeAddress,
  type Logger,
  type RunningProcess,
  splitAddress,
  startWorkers,
} from '@scaivault/runtime';
import { createMemoryLedger } from '../limit/shared/memory-ledger.ts';

export interface ServeInWorkersOptions {
  /** File that a worker runs. */
  readonly entry: string;
  readonly config: Pick<Configuration, 'WORKERS' | 'BIND_ADDRESS' | 'METRICS_BIND_ADDRESS'>;
  /** What `config` was read from. */
  readonly env: Environment;
  readonly logger: Logger;
  /** Milliseconds that a worker may take to stop. */
  readonly stopTimeoutMs: number;
}

export interface RunningWorkers extends RunningProcess {
  /** Port of the public listener. */
  readonly port: number;
}

/** Whoever shares a port could share that of a stranger; so each has to be free before the first worker takes it. */
const claim = async (address: string): Promise<{ readonly address: string; readonly port: number }> => {
  const { host, port } = await findFreeAddress(splitAddress(address));
  return { address: `${host.includes(':') ? `[${host}]` : host}:${port}`, port };
};

/** WORKERS processes behind one listener; what they share beside it is counted in this one, which serves nothing itself. */
export const serveInWorkers = async ({ config, env, ...options }: ServeInWorkersOptions): Promise<RunningWorkers> => {
  const { address, port } = await claim(config.BIND_ADDRESS);
  const metrics = config.METRICS_BIND_ADDRESS === '' ? '' : (await claim(config.METRICS_BIND_ADDRESS)).address;
  const workers = await startWorkers({
    ...options,
    env: { ...env, BIND_ADDRESS: address, METRICS_BIND_ADDRESS: metrics },
    count: config.WORKERS,
    answers: { ...createMemoryLedger({ nowMs: () => performance.now() }) },
  });
  return { ...workers, port };
};
