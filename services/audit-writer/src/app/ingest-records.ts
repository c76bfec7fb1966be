import type { ScopeId } from '@scaivault/tenancy';
import type { AuditRow } from '../domain/audit-row.ts';
import { readRecord } from '../domain/read-record.ts';
import type { Clock, LogStore, Quarantine, UnfitRecord } from '../ports.ts';

interface Sorted {
  /** By scope, then by time and id, so that a record that lies twice in a batch is one. */
  readonly rows: ReadonlyMap<ScopeId, ReadonlyMap<string, AuditRow>>;
  readonly unfit: readonly UnfitRecord[];
}

const sort = (records: readonly Uint8Array[], nowMicros: number): Sorted => {
  const rows = new Map<ScopeId, Map<string, AuditRow>>();
  const unfit: UnfitRecord[] = [];
  for (const bytes of records) {
    const read = readRecord(bytes, nowMicros);
    if (read.kind === 'unfit') {
      unfit.push({ bytes, reason: read.reason });
      continue;
    }
    const { scopeId, row } = read;
    const ofTenant = rows.get(scopeId) ?? new Map<string, AuditRow>();
    if (ofTenant.size === 0) rows.set(scopeId, ofTenant);
    const key = `${row.tsMicros} ${row.id}`;
    if (!ofTenant.has(key)) ofTenant.set(key, row);
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
    for (const [scopeId, ofTenant] of rows) stored += await log.add(scopeId, [...ofTenant.values()]);
    return stored;
  };
