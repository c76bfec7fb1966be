import { isVaultError } from '@scaivault/errors';
import { listAbandoned } from '../journal/abandoned.ts';
import { type Journal, type JournalOptions, openJournal } from '../journal/journal.ts';

const shipping = { batchRecords: 500, batchBytes: 1_048_576 } as const;

/**
 * Ships what processes that are gone have left in their journals below `root`: after a change of the deployment shape
 * nobody else would. Each is let go again as soon as it is empty.
 */
export const shipAbandonedJournals = async (
  root: string,
  ownName: string,
  options: Omit<JournalOptions, 'directory'>,
  send: (records: readonly Uint8Array[]) => Promise<void>,
): Promise<{ stop(): Promise<void> }> => {
  const open: Journal[] = [];
  for (const directory of listAbandoned(root)) {
    if (directory.endsWith(`/${ownName}`)) continue;
    const journal = await openJournal({ ...options, directory }).catch((error: unknown) => {
      // Its owner has come back in between and ships it itself.
      if (isVaultError(error, 'audit_unavailable')) return undefined;
      throw error;
    });
    if (journal === undefined) continue;
    open.push(journal);
    const shipper = journal.ship(send, shipping);
    // Stopped before it was empty: the next start ships the rest.
    shipper.drained().then(
      () => journal.close(),
      () => {},
    );
  }
  return {
    stop: async () => {
      await Promise.all(open.map((journal) => journal.close()));
    },
  };
};
