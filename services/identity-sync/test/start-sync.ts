import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@connectrpc/connect';
import { DirectoryService, type Sync } from '@scaivault/contracts';
import { generateKeys, type ScaiKeyEmulator, startScaiKeyEmulator } from '@scaivault/scaikey-emulator';
import type { Wire } from '@scaivault/testkit';
import { expect } from 'vitest';
import { type StartedIdentitySync, startIdentitySync } from './start-identity-sync.ts';

export interface StartedSync extends AsyncDisposable {
  readonly emulator: ScaiKeyEmulator;
  readonly started: StartedIdentitySync;
  /** A super_admin of the platform. */
  readonly root: Client<typeof DirectoryService>;
  /** Runs one sync of everything to its end. */
  sync(): Promise<Sync>;
  faults(faults: object): Promise<void>;
}

export const waitForSync = async (client: Client<typeof DirectoryService>, syncId: string): Promise<Sync> => {
  let found: Sync | undefined;
  await expect
    .poll(
      async () => {
        found = (await client.listSyncs({})).syncs.find((each) => each.syncId === syncId);
        return found?.status;
      },
      { timeout: 20_000, interval: 25 },
    )
    .not.toBe('running');
  if (found === undefined) throw new Error('The history does not tell of this sync.');
  return found;
};

/** The seed's own client reads the lists. */
const syncEnv = (emulator: ScaiKeyEmulator) => ({
  SCAIKEY_URL: emulator.url,
  SCAIKEY_CLIENT_ID: 'scaivault',
  SCAIKEY_CLIENT_SECRET: 'scaivault-development-secret',
  RATE_LIMIT_IDENTITY_SYNC: '0',
  RATE_LIMIT_IDENTITY_OPS: '0',
});

/** An emulator makes an RSA key, which takes longer than most of these tests; they share one. */
const keys = await generateKeys();

/** The emulator with its seed, and the module beside it with an empty mirror. */
export const startSync = async (
  wire: Wire = 'direct',
  env: Readonly<Record<string, string>> = { IDENTITY_SYNC_INTERVAL: '0s' },
): Promise<StartedSync> => {
  const folder = await mkdtemp(join(tmpdir(), 'identity-sync-'));
  const emulator = await startScaiKeyEmulator({
    host: '127.0.0.1',
    port: 0,
    stateFile: join(folder, 'state.json'),
    keys,
  });
  const started = await startIdentitySync(wire, { ...syncEnv(emulator), ...env });
  const root = await started.vault.client(DirectoryService, { sub: 'usr_operator', roles: ['super_admin'] });
  return {
    emulator,
    started,
    root,
    sync: async () => await waitForSync(root, (await root.startSync({})).syncId),
    faults: async (faults) => {
      await fetch(`${emulator.url}/_dev/faults`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(faults),
      });
    },
    [Symbol.asyncDispose]: async () => {
      await started[Symbol.asyncDispose]();
      await emulator.stop();
      await rm(folder, { recursive: true });
    },
  };
};
