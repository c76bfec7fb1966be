import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '@connectrpc/connect';
import { createDevelopmentAuthority } from '@scaivault/crypto/development-authority';
import type { KeySeal } from '@scaivault/pipeline';
import {
  clientCredentials,
  createUnaryTransport,
  type PeerName,
  peerHostname,
  peers,
  serverCredentials,
  startRpcServer,
  type TlsIdentity,
} from '@scaivault/runtime';
import { type SpawnedService, spawnService } from './spawn-service.ts';
import { createStandIns } from './stand-ins.ts';

/** A process on the stage. */
export interface StagedProcess {
  /** Calls it as the secrets service does. */
  readonly transport: Transport;
  /** SIGKILL, and gone when it resolves. */
  kill(): Promise<void>;
}

export interface Stage extends AsyncDisposable {
  /** Starts a process, after a kill the same one again; resolves when it is ready. */
  start(): Promise<StagedProcess>;
}

const variableOf = (peer: PeerName): string => `PEER_${peer.toUpperCase().replaceAll('-', '_')}_URL`;

/**
 * One service in a real process, to be killed and started again, with stand-ins for all others (see `createStandIns`) behind
 * mutual TLS. `env` names its database and what else it needs.
 */
export const stageService = async (
  service: PeerName,
  { keySeal, env }: { readonly keySeal: KeySeal; readonly env: Readonly<Record<string, string>> },
): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), `scaivault-${service}-`));
  const authority = await createDevelopmentAuthority();
  const issue = async (name: string): Promise<TlsIdentity> => {
    const { certificate, key } = await authority.issue(peerHostname(name));
    return {
      certificate: Buffer.from(certificate),
      key: Buffer.from(key),
      authority: Buffer.from(authority.certificate),
    };
  };
  const write = async (name: string, text: Uint8Array): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const [own, secrets, everybody] = (await Promise.all([service, 'secrets', '*'].map(issue))) as [
    TlsIdentity,
    TlsIdentity,
    TlsIdentity,
  ];
  const standIns = createStandIns(keySeal);
  const server = await startRpcServer({
    dispatcher: standIns.dispatcher,
    credentials: serverCredentials(everybody),
    address: '127.0.0.1:0',
  });
  const settings = {
    ...Object.fromEntries(peers.map((peer) => [variableOf(peer), `https://127.0.0.1:${server.port}`])),
    PATH: process.env.PATH ?? '',
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
    RPC_BIND_ADDRESS: '127.0.0.1:0',
    METRICS_BIND_ADDRESS: '127.0.0.1:0',
    RPC_TLS_CA_FILE: await write('authority.pem', own.authority),
    RPC_TLS_CERT_FILE: await write('own.pem', own.certificate),
    RPC_TLS_KEY_FILE: await write('own.key', own.key),
    DATA_DIR: folder,
    // Nobody is there: no call on this stage has a token.
    SCAIKEY_URL: `https://127.0.0.1:${server.port}`,
    SCAIKEY_AUDIENCE: 'scaivault',
    ...env,
  };
  const open: (SpawnedService & { close(): void })[] = [];
  return {
    start: async () => {
      const spawned = await spawnService(service, settings);
      const transport = createUnaryTransport({
        address: `127.0.0.1:${spawned.rpcPort}`,
        credentials: clientCredentials(secrets),
        serverName: peerHostname(service),
      });
      open.push({ ...spawned, close: transport.close });
      return { transport, kill: spawned.kill };
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of open) {
        each.close();
        await each[Symbol.asyncDispose]();
      }
      await standIns.close();
      await server.stop(200);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
