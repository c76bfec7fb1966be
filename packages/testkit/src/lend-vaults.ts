import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { StartedVault, StartVaultOptions } from './start-vault.ts';

/** What a borrower asks for; equal wishes are for the same vault. */
export type VaultWish = Pick<StartVaultOptions, 'shape' | 'env'>;

type Running = Pick<StartedVault, 'shape' | 'pid' | 'dataDir' | 'ports' | 'startMs' | 'stop'> & AsyncDisposable;

/** What a borrower is told. */
export type LentVault = Pick<Running, 'shape' | 'pid' | 'dataDir'> & { readonly outputFile: string };

/** What a borrower is told whose vault has started again: also how its stop went, and milliseconds of that start. */
export type RestartedVault = LentVault & {
  readonly stopped: Awaited<ReturnType<StartedVault['stop']>>;
  readonly startMs: number;
};

/** What a borrower says at the end whom others may follow; whoever just goes leaves a vault that is replaced. */
export const asItWas = 'as it was';

/** What a borrower says in between to have it stopped, as by Ctrl-C, and started again with its data. */
export const restart = 'restart';

interface Lot {
  readonly outputFile: string;
  vault: Running | undefined;
  /** Resolves when all who have asked so far are done. */
  free: Promise<void>;
  /** Ends what nobody asks for any more. */
  idle: NodeJS.Timeout | undefined;
}

/** A vault at rest takes as much of the processor in two minutes as its start does. */
const usualIdleMs = 45_000;

const report = (error: unknown): void => {
  process.stderr.write(`A vault that files share did not end well: ${String(error)}\n`);
};

/**
 * Lends the files of a test run whole vaults, one per wish, each started when somebody first asks, used by one borrower
 * at a time (see borrow-vault.ts) and ended `idleMs` after the last. Serves `<folder>/ask-for-vault`; `stop` ends all
 * loans.
 */
export const lendVaults = async (
  folder: string,
  start: (options: StartVaultOptions) => Promise<Running>,
  idleMs = usualIdleMs,
): Promise<{ readonly socketPath: string; stop(): Promise<void> }> => {
  const lots = new Map<string, Lot>();
  const borrowers = new Set<Socket>();

  const lotFor = (wish: string): Lot => {
    const outputFile = join(folder, `output-${lots.size}`);
    const lot = lots.get(wish) ?? { outputFile, vault: undefined, free: writeFile(outputFile, ''), idle: undefined };
    lots.set(wish, lot);
    return lot;
  };

  const end = async (lot: Lot): Promise<void> => {
    const { vault } = lot;
    clearTimeout(lot.idle);
    lot.vault = undefined;
    await vault?.[Symbol.asyncDispose]();
    await writeFile(lot.outputFile, '');
  };

  const endWhenFree = (lot: Lot): void => {
    lot.free = lot.free.then(() => end(lot)).catch(report);
  };

  const startAgain = async (lot: Lot, vault: Running, options: StartVaultOptions): Promise<RestartedVault> => {
    const { shape, dataDir, ports } = vault;
    const stopped = await vault.stop();
    const again = await start({ ...options, dataDir, ports });
    const dispose = async (): Promise<void> => {
      await again[Symbol.asyncDispose]();
      // Removes the folder, which is that of the first.
      await vault[Symbol.asyncDispose]();
    };
    lot.vault = { ...again, [Symbol.asyncDispose]: dispose };
    return { shape, pid: again.pid, dataDir, outputFile: lot.outputFile, stopped, startMs: again.startMs };
  };

  const lend = async (lot: Lot, wish: string, socket: Socket, words: AsyncIterator<string>): Promise<void> => {
    if (socket.destroyed) return;
    clearTimeout(lot.idle);
    const tell = (what: LentVault | RestartedVault): void => void socket.write(`${JSON.stringify(what)}\n`);
    const options: StartVaultOptions = { ...(JSON.parse(wish) as VaultWish), printTo: lot.outputFile };
    let last: IteratorResult<string>;
    try {
      lot.vault ??= await start(options);
      const { shape, pid, dataDir } = lot.vault;
      tell({ shape, pid, dataDir, outputFile: lot.outputFile });
      for (last = await words.next(); last.value === restart; last = await words.next())
        tell(await startAgain(lot, lot.vault, options));
    } catch (error) {
      socket.end(`${JSON.stringify({ failure: String(error) })}\n`);
      await end(lot);
      return;
    }
    if (last.done === true || last.value !== asItWas) await end(lot);
    else lot.idle = setTimeout(() => endWhenFree(lot), idleMs).unref();
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
