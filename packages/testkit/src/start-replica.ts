import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { type SpawnedService, spawnService } from './spawn-service.ts';
import { serviceProcessesBelow, type Vault } from './start-vault.ts';

export type ReplicatedService = 'policy' | 'identity-sync' | 'secrets' | 'gateway';

/** One process of a service, as others reach it. */
export interface ServiceProcess {
  readonly pid: number;
  /** `https://127.0.0.1:<port>`, for the PEER_ variables of others. */
  readonly rpcUrl: string;
  /** Settings it was started with. */
  readonly env: Readonly<Record<string, string>>;
}

export type Replica = ServiceProcess & Omit<SpawnedService, 'rpcPort'>;

const environmentOf = async (pid: number): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await readFile(`/proc/${pid}/environ`, 'utf8'))
      .split('\0')
      .filter((line) => line.includes('=') && !line.startsWith('NODE_CHANNEL'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** The process of one service of a vault in shape `services`. */
export const findServiceProcess = async (vault: Vault, service: string): Promise<ServiceProcess> => {
  for (const pid of await serviceProcessesBelow(vault.pid)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    if (!command.includes(`/${service}/src/main.ts`)) continue;
    const env = await environmentOf(pid);
    return { pid, env, rpcUrl: `https://${env.RPC_BIND_ADDRESS}` };
  }
  throw new Error(`There is no process of ${service}.`);
};

/**
 * Starts another process of a service beside those of a vault in shape `services`: the same settings, database and
 * authority, its own port and journal. `env` may lead it to other peers. It ends with us.
 */
export const startReplica = async (
  vault: Vault,
  service: ReplicatedService,
  env: Readonly<Record<string, string>> = {},
): Promise<Replica> => {
  const first = await findServiceProcess(vault, service);
  const port = await freePort();
  const settings = {
    ...first.env,
    RPC_BIND_ADDRESS: `127.0.0.1:${port}`,
    BIND_ADDRESS: `127.0.0.1:${await freePort()}`,
    JOURNAL_DIR: join(vault.dataDir, `journal-${port}`),
    LOG_LEVEL: 'info',
    ...env,
  };
  const { rpcPort: _same, ...spawned } = await spawnService(service, settings);
  return { ...spawned, rpcUrl: `https://${settings.RPC_BIND_ADDRESS}`, env: settings };
};
