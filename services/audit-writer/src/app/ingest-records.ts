import type { ScopeId } from '@scaivault/tenancy';
import type { AuditRow } from '../domain/audit-row.ts';
import { readRecord } from '../domain/read-record.ts';
import type { Clock, LogStore, Quarantine, UnfitRecord } from '../ports.ts';
import { inLanes } from './in-lanes.ts';

/** Tenants stored at once: each commit waits for the disk, and they need not wait for each other. */
const lanes = 4;

/** A row with the bytes that it came in. */
interface Arrival {
  readonly row: AuditRow;
  readonly bytes: Uint8Array;
}

interface Sorted {
  readonly arrivals: ReadonlyMap<ScopeId, readonly Arrival[]>;
  readonly unfit: readonly UnfitRecord[];
}

const sort = (records: readonly Uint8Array[], nowMicros: number): Sorted => {
  const arrivals = new Map<ScopeId, Arrival[]>();
  const unfit: UnfitRecord[] = [];
  for (const bytes of records) {
    const read = readRecord(bytes, nowMicros);
    if (read.kind === 'unfit') {
      unfit.push({ bytes, reason: read.reason });
      continue;
    }
    const arrival = { row: read.row, bytes };
    const ofTenant = arrivals.get(read.scopeId);
    if (ofTenant === undefined) arrivals.set(read.scopeId, [arrival]);
    else ofTenant.push(arrival);
  }
  return { arrivals, unfit };
};

/**
 * Stores what a journal ships (rest-api-core 7.1) and answers how many rows were new; resolves when all is committed.
 * Each tenant's rows are one commit, so a batch that fails half way is simply sent again.
 */
export const createIngestRecords = ({
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
}) => {
  const setAside = async (unfit: readonly UnfitRecord[]): Promise<void> => {
    if (unfit.length === 0) return;
    await quarantine.keep(unfit);
    onQuarantine(unfit.map(({ reason }) => reason));
  };

  /** Retention may go on between two tries, so there may be several; each has fewer arrivals. */
  const store = async (scopeId: ScopeId, arrivals: readonly Arrival[]): Promise<number> => {
    if (arrivals.length === 0) return 0;
    const { stored, tooOld } = await log.add(
      scopeId,
      arrivals.map(({ row }) => row),
    );
    if (tooOld.length === 0) return stored;
    const old = new Set(tooOld);
    const { aside = [], fit = [] } = Object.groupBy(arrivals, ({ row }) => (old.has(row.id) ? 'aside' : 'fit'));
    await setAside(aside.map(({ bytes }) => ({ bytes, reason: 'older than what retention has removed' })));
    return await store(scopeId, fit);
  };

  return async (records: readonly Uint8Array[]): Promise<number> => {
    const { arrivals, unfit } = sort(records, nowMicros());
    await setAside(unfit);
    let total = 0;
    await inLanes(arrivals, lanes, async ([scopeId, ofTenant]) => {
      // Not `total += await`: that would read the sum before the wait.
      const stored = await store(scopeId, ofTenant);
      total += stored;
    });
    return total;
  };
};
