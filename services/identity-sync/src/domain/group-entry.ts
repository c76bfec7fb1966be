import { type Entry, type EntryFacts, mergeEntry, voidedUntil } from './entry.ts';

export interface GroupProfile {
  readonly name: string | null;
}

export interface GroupEntry extends Entry<GroupProfile> {
  /** Memberships up to this source time (microseconds since the epoch) ended with a deletion. */
  readonly membershipsVoidUntilMicros: number;
}

/** The group with what is news to it (rest-api-core 11.2), or undefined when nothing is. */
export const mergeGroup = (
  current: GroupEntry,
  facts: EntryFacts<GroupProfile>,
  atMicros: number,
): GroupEntry | undefined => {
  const entry = mergeEntry(current, facts, atMicros);
  const membershipsVoidUntilMicros = voidedUntil(current.membershipsVoidUntilMicros, facts.status, atMicros);
  if (entry === undefined && membershipsVoidUntilMicros === current.membershipsVoidUntilMicros) return undefined;
  return { ...current, ...entry, membershipsVoidUntilMicros };
};
