import type { Status } from './status.ts';

/** Source time of what no event has spoken of yet. */
export const never = Number.NEGATIVE_INFINITY;

/**
 * A thing of the directory as the mirror holds it. Profile and state come with different events, so each carries its own
 * source time (microseconds since the epoch): a late suspension is not lost because a new name has overtaken it.
 */
export interface Entry<Profile> {
  readonly profile: Profile;
  readonly profileAtMicros: number;
  readonly status: Status;
  readonly statusAtMicros: number;
}

/** What one event says of it; undefined: nothing. A profile may name some of its fields only. */
export interface EntryFacts<Profile> {
  readonly profile?: Partial<Profile> | undefined;
  readonly status?: Status | undefined;
}

/** The entry with what is news to it, or undefined when nothing is. */
export const mergeEntry = <Profile extends object>(
  current: Entry<Profile>,
  facts: EntryFacts<Profile>,
  atMicros: number,
): Entry<Profile> | undefined => {
  const profile = atMicros >= current.profileAtMicros ? facts.profile : undefined;
  const status = atMicros >= current.statusAtMicros ? facts.status : undefined;
  if (profile === undefined && status === undefined) return undefined;
  return {
    profile: { ...current.profile, ...profile },
    profileAtMicros: profile === undefined ? current.profileAtMicros : atMicros,
    status: status ?? current.status,
    statusAtMicros: status === undefined ? current.statusAtMicros : atMicros,
  };
};

/**
 * Memberships up to this source time ended with a deletion (microseconds since the epoch). It only rises: a deletion that
 * comes late, when the thing is there again already, has ended what was before it all the same.
 */
export const voidedUntil = (current: number, status: Status | undefined, atMicros: number): number =>
  status === 'DELETED' ? Math.max(current, atMicros) : current;
