import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { asItWas, type LentVault, type VaultWish } from './lend-vaults.ts';
import { openVault, type VaultAccess } from './open-vault.ts';

export interface Loan {
  readonly vault: VaultAccess;
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
  const { value: word = '{}' } = await words.next();
  const lent = JSON.parse(word) as LentVault | { readonly failure?: string };
  if (!('pid' in lent)) throw new Error(lent.failure ?? 'Nobody lends vaults any more.');
  return {
    vault: await openVault({ ...lent, output: () => readFileSync(lent.outputFile, 'utf8') }),
    giveBack: async (isAsItWas) => {
      socket.end(isAsItWas ? `${asItWas}\n` : '');
      await words.next();
    },
  };
};
