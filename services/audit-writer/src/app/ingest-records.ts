import type { ScopeId } from '@scaivault/tenancy';
import type { AuditRow } from '../domain/audit-row.ts';
import { readRecord } from '../domain/read-record.ts';
import type { Clock, LogStore, Quarantine, UnfitRecord } from '../ports.ts';
import { inLanes } from './in-lanes.ts';

interface Sorted {
  readonly rows: ReadonlyMap<ScopeId, readonly AuditRow[]>;
  readonly unfit: readonly UnfitRecord[];
}

/** Tenants stored at once: each commit waits for the disk, and they need not wait for each other. */
const lanes = 4;

const sort = (records: readonly Uint8Array[], nowMicros: number): Sorted => {
  const rows = new Map<ScopeId, AuditRow[]>();
  const unfit: UnfitRecord[] = [];
  for (const bytes of records) {
    const read = readRecord(bytes, nowMicros);
    if (read.kind === 'unfit') {
      unfit.push({ bytes, reason: read.reason });
      continue;
    }
    const ofTenant = rows.get(read.scopeId);
    if (ofTenant === undefined) rows.set(read.scopeId, [read.row]);
    else ofTenant.push(read.row);
  }
  return { rows, unfit };
};

/**
 * Stores what a journal ships (rest-api-core 7.1) and answers how many rows were new; resolves when all is committed.
 * Each tenant's rows are one commit, so a batch that fails half way is simply sent again.
 */
export const createIngestRecords =
  ({
    log,
    quarantine,
    onQuarantine,
    nowMicros,
  }: {
    readonly log: Pick<LogStore, 'add'>;
    readonly quarantine: Quarantine;
    /** Raises the alarm: these reasons, one per record. */
    readonly onQuarantine: (reasons: readonly string[]) => void;
    readonly nowMicros: Clock;
  }) =>
  async (records: readonly Uint8Array[]): Promise<number> => {
    const { rows, unfit } = sort(records, nowMicros());
    if (unfit.length > 0) {
      await quarantine.keep(unfit);
      onQuarantine(unfit.map(({ reason }) => reason));
    }
    let stored = 0;
    await inLanes(rows, lanes, async ([scopeId, ofTenant]) => {
      // Not `stored += await`: that would read the sum before the wait.
      const added = await log.add(scopeId, ofTenant);
      stored += added;
    });
    return stored;
  };
