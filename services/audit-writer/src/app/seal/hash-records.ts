import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LoggedRow } from '../../domain/audit-row.ts';
import { canonicalRecord } from '../../domain/seal/canonical-record.ts';
import { leafHash } from '../../domain/seal/merkle-tree.ts';

/** About a millisecond of work; then everybody else in the process has a turn. */
const piece = 64;

/** The leaf hashes of rows, in their order. */
export const hashRecords = async (tenantId: string, rows: readonly LoggedRow[]): Promise<readonly Buffer[]> => {
  const hashes: Buffer[] = [];
  for (const row of rows) {
    hashes.push(leafHash(canonicalRecord(tenantId, row)));
    if (hashes.length % piece === 0) await nextTurn();
  }
  return hashes;
};
