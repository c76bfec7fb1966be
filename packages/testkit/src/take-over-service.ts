import { setTimeout as sleep } from 'node:timers/promises';
import { type SpawnedService, spawnService } from './spawn-service.ts';
import { findServiceProcess } from './start-replica.ts';
import { isProcessAlive, type Vault } from './start-vault.ts';

/** A service of a vault whose process a test ends, and starts again. */
export interface KillableService extends AsyncDisposable {
  /** Of its latest process. */
  readonly pid: number;
  /** SIGKILL, and gone when it resolves. */
  kill(): Promise<void>;
  /** Starts the same process again, at the same address; resolves when it is ready. */
  start(): Promise<void>;
}

/** Finds that service of a vault in shape `services`. What is started of it ends with us. */
export const takeOverService = async (vault: Vault, service: 'audit-writer'): Promise<KillableService> => {
  const first = await findServiceProcess(vault, service);
  let own: SpawnedService | undefined;
  return {
    get pid() {
      return own?.pid ?? first.pid;
    },
    kill: async () => {
      if (own !== undefined) return await own.kill();
      process.kill(first.pid, 'SIGKILL');
      while (isProcessAlive(first.pid)) await sleep(5);
    },
    start: async () => {
      // Says at this level that it is ready.
      own = await spawnService(service, { ...first.env, LOG_LEVEL: 'info' });
    },
    [Symbol.asyncDispose]: async () => await own?.[Symbol.asyncDispose](),
  };
};
