import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { StartedVault, StartVaultOptions } from './start-vault.ts';

/** What a borrower asks for; equal wishes are for the same vault. */
export type VaultWish = Pick<StartVaultOptions, 'shape' | 'env'>;

type Running = Pick<StartedVault, 'shape' | 'pid' | 'dataDir'> & AsyncDisposable;

/** What a borrower is told. */
export type LentVault = Pick<Running, 'shape' | 'pid' | 'dataDir'> & { readonly outputFile: string };

/** What a borrower says at the end whom others may follow; whoever just goes leaves a vault that is replaced. */
export const asItWas = 'as it was';

interface Lot {
  readonly outputFile: string;
  vault: Running | undefined;
  /** Resolves when all who have asked so far are done. */
  free: Promise<void>;
}

const report = (error: unknown): void => {
  process.stderr.write(`A vault that files share did not end well: ${String(error)}\n`);
};

/**
 * Lends the files of a test run whole vaults, one per wish, each started when somebody first asks and used by one
 * borrower at a time (see borrow-vault.ts). Serves `<folder>/ask-for-vault`; `stop` ends all loans.
 */
export const lendVaults = async (
  folder: string,
  start: (options: StartVaultOptions) => Promise<Running>,
): Promise<{ readonly socketPath: string; stop(): Promise<void> }> => {
  const lots = new Map<string, Lot>();
  const borrowers = new Set<Socket>();

  const lotFor = (wish: string): Lot => {
    const outputFile = join(folder, `output-${lots.size}`);
    const lot = lots.get(wish) ?? { outputFile, vault: undefined, free: writeFile(outputFile, '') };
    lots.set(wish, lot);
    return lot;
  };

  const end = async (lot: Lot): Promise<void> => {
    const { vault } = lot;
    lot.vault = undefined;
    await vault?.[Symbol.asyncDispose]();
    await writeFile(lot.outputFile, '');
  };

  const lend = async (lot: Lot, wish: string, socket: Socket, words: AsyncIterator<string>): Promise<void> => {
    if (socket.destroyed) return;
    try {
      lot.vault ??= await start({ ...(JSON.parse(wish) as VaultWish), printTo: lot.outputFile });
    } catch (error) {
      socket.end(`${JSON.stringify({ failure: String(error) })}\n`);
      return;
    }
    const { shape, pid, dataDir } = lot.vault;
    socket.write(`${JSON.stringify({ shape, pid, dataDir, outputFile: lot.outputFile } satisfies LentVault)}\n`);
    const last = await words.next();
    if (last.done === true || last.value !== asItWas) await end(lot);
    socket.end();
  };

  const serve = async (socket: Socket): Promise<void> => {
    const reader = createInterface({ input: socket });
    socket.on('error', () => {}); // Whoever asked is gone.
    socket.on('close', () => reader.close());
    const words = reader[Symbol.asyncIterator]();
    borrowers.add(socket);
    const { value: wish, done } = await words.next();
    if (done === true) return;
    const lot = lotFor(wish);
    lot.free = lot.free.then(() => lend(lot, wish, socket, words)).catch(report);
  };

  const socketPath = join(folder, 'ask-for-vault');
  const server = createServer((socket) => void serve(socket));
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    socketPath,
    stop: async () => {
      server.close();
      for (const socket of borrowers) socket.destroy();
      for (const lot of lots.values()) {
        await lot.free;
        await end(lot);
      }
    },
  };
};
