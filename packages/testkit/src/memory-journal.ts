import { fromBinary } from '@bufbuild/protobuf';
import { type AuditRecord, AuditRecordSchema } from '@scaivault/contracts';
import type { AuditJournal } from '@scaivault/pipeline';

/** Keeps audit records in memory, decoded, for tests to look at. */
export interface MemoryJournal extends AuditJournal {
  readonly intents: AuditRecord[];
  /** Outcomes and refusals, in the order they were written. */
  readonly outcomes: AuditRecord[];
  /** Ids of intents that leave no row. */
  readonly withdrawn: string[];
}

export const createMemoryJournal = (): MemoryJournal => {
  const intents: AuditRecord[] = [];
  const outcomes: AuditRecord[] = [];
  const withdrawn: string[] = [];
  const keep =
    (list: AuditRecord[]) =>
    async (_id: string, bytes: Uint8Array): Promise<void> => {
      list.push(fromBinary(AuditRecordSchema, bytes));
    };
  return {
    intents,
    outcomes,
    intent: keep(intents),
    outcome: keep(outcomes),
    withdrawn,
    withdraw: async (id) => void withdrawn.push(id),
    record: keep(outcomes),
  };
};
