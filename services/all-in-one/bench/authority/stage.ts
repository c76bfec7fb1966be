import { join } from 'node:path';
import { findServiceProcess, type Replica, startReplica } from '@scaivault/testkit/start-replica';
import { startVault, type Vault } from '@scaivault/testkit/start-vault';
import { unlimited } from '../../test/unlimited-vault.ts';

/** A vault with two processes of each owner of authority, each with a gateway before it, and three that serve. */
export interface Stage extends AsyncDisposable {
  readonly vault: Vault;
  /** Base addresses of the gateways; each changes things at another process of the owners. */
  readonly gateways: readonly string[];
  /** gRPC addresses of the serving processes, `host:port`. */
  readonly serving: readonly string[];
  readonly pids: Readonly<Record<string, number>>;
  /** Folder of the certificates. */
  readonly tls: string;
}

const hostOf = (url: string): string => new URL(url).host;

export const openStage = async (): Promise<Stage> => {
  const replicas: Replica[] = [];
  const vault = await startVault({ shape: 'services', env: { ...unlimited, ADDRESS_LIMIT: '0' } });
  const closeAll = async (): Promise<void> => {
    for (const replica of replicas.reverse()) await replica[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  };
  const start = async (...parameters: Parameters<typeof startReplica>): Promise<Replica> => {
    const replica = await startReplica(...parameters);
    replicas.push(replica);
    return replica;
  };
  try {
    const identity = await start(vault, 'identity-sync');
    const policy = await start(vault, 'policy', { PEER_IDENTITY_SYNC_URL: identity.rpcUrl });
    const second = { PEER_IDENTITY_SYNC_URL: identity.rpcUrl, PEER_POLICY_URL: policy.rpcUrl };
    const secrets = [
      await start(vault, 'secrets', second),
      await start(vault, 'secrets', { PEER_POLICY_URL: policy.rpcUrl }),
    ];
    const gateway = await start(vault, 'gateway', second);
    const first = await findServiceProcess(vault, 'secrets');
    const pidOf = async (service: string): Promise<number> => (await findServiceProcess(vault, service)).pid;
    return {
      vault,
      gateways: [vault.url, `http://${gateway.env.BIND_ADDRESS}`],
      serving: [first, ...secrets].map(({ rpcUrl }) => hostOf(rpcUrl)),
      pids: {
        gateway: await pidOf('gateway'),
        'gateway 2': gateway.pid,
        policy: await pidOf('policy'),
        'policy 2': policy.pid,
        'identity-sync': await pidOf('identity-sync'),
        'identity-sync 2': identity.pid,
        secrets: first.pid,
        ...Object.fromEntries(secrets.map(({ pid }, index) => [`secrets ${index + 2}`, pid])),
        'audit-writer': await pidOf('audit-writer'),
      },
      tls: join(vault.dataDir, 'tls'),
      [Symbol.asyncDispose]: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
};
