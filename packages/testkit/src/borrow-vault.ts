import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { asItWas, type LentVault, type RestartedVault, restart, type VaultWish } from './lend-vaults.ts';
import { openVault, type VaultAccess } from './open-vault.ts';

export interface Loan {
  readonly vault: VaultAccess;
  /** Has it stopped as by Ctrl-C and started again on its data, and goes on with that. */
  restart(): Promise<Pick<RestartedVault, 'stopped' | 'startMs'> & { readonly vault: VaultAccess }>;
  /** Ends the loan. A vault that is not as it was is replaced for the next borrower. */
  giveBack(isAsItWas: boolean): Promise<void>;
}

/**
 * A running vault that other files of the run use before and after, nobody at the same time; waits until it is free. It
 * must be asked for with the same settings to be the same one.
 */
export const borrowVault = async (wish: VaultWish, socketPath = process.env.TEST_VAULTS_SOCKET): Promise<Loan> => {
  if (socketPath === undefined) throw new Error('Vaults are lent inside a test run only.');
  const socket = connect(socketPath);
  socket.write(`${JSON.stringify(wish)}\n`);
  const words = createInterface({ input: socket })[Symbol.asyncIterator]();
  const listen = async <Told extends LentVault>(): Promise<Told> => {
    const { value: word = '{}' } = await words.next();
    const told = JSON.parse(word) as Told | { readonly failure?: string };
    if ('pid' in told) return told;
    throw new Error(told.failure ?? 'Nobody lends vaults any more.');
  };
  const open = (lent: LentVault): Promise<VaultAccess> =>
    openVault({ ...lent, output: () => readFileSync(lent.outputFile, 'utf8') });
  return {
    vault: await open(await listen()),
    restart: async () => {
      socket.write(`${restart}\n`);
      const { stopped, startMs, ...lent } = await listen<RestartedVault>();
      return { stopped, startMs, vault: await open(lent) };
    },
    giveBack: async (isAsItWas) => {
      socket.end(isAsItWas ? `${asItWas}\n` : '');
      await words.next();
    },
  };
};
