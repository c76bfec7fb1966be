import { type Entry, type EntryFacts, mergeEntry, voidedUntil } from './entry.ts';
import { type IdentityType, identityString } from './identity-string.ts';

export interface IdentityProfile {
  readonly type: IdentityType;
  /** Of a person. */
  readonly email: string | null;
  /** Of a service account. */
  readonly name: string | null;
  readonly displayName: string | null;
  readonly roles: readonly string[];
}

/** A person or a service account; times in microseconds since the epoch. */
export interface IdentityEntry extends Entry<IdentityProfile> {
  readonly mfaEnabled: boolean;
  readonly mfaAtMicros: number;
  /** Tokens issued before are revoked. */
  readonly tokensVoidBeforeMicros: number | null;
  /** Second factors given before do not count. */
  readonly mfaVoidBeforeMicros: number | null;
  /** Memberships up to this source time ended with a deletion. */
  readonly membershipsVoidUntilMicros: number;
}

export interface IdentityFacts extends EntryFacts<IdentityProfile> {
  readonly mfaEnabled?: boolean | undefined;
  readonly voidsTokens?: boolean;
  readonly voidsMfa?: boolean;
}

export const identityIdOf = ({ type, email, name }: IdentityProfile): string | null =>
  identityString(type, type === 'user' ? email : name);

/** The later of a limit and the event's time; limits only rise, so a late event neither undoes nor is undone. */
const raised = (limit: number | null, raises: boolean | undefined, atMicros: number): number | null =>
  raises ? Math.max(limit ?? atMicros, atMicros) : limit;

/** The identity with what is news to it (rest-api-core 11.2), or undefined when nothing is. */
export const mergeIdentity = (
  current: IdentityEntry,
  facts: IdentityFacts,
  atMicros: number,
): IdentityEntry | undefined => {
  const entry = mergeEntry(current, facts, atMicros);
  const mfaEnabled = atMicros >= current.mfaAtMicros ? facts.mfaEnabled : undefined;
  const tokensVoidBeforeMicros = raised(current.tokensVoidBeforeMicros, facts.voidsTokens, atMicros);
  const mfaVoidBeforeMicros = raised(current.mfaVoidBeforeMicros, facts.voidsMfa, atMicros);
  const membershipsVoidUntilMicros = voidedUntil(current.membershipsVoidUntilMicros, facts.status, atMicros);
  const isNews =
    entry !== undefined ||
    membershipsVoidUntilMicros !== current.membershipsVoidUntilMicros ||
    mfaEnabled !== undefined ||
    tokensVoidBeforeMicros !== current.tokensVoidBeforeMicros ||
    mfaVoidBeforeMicros !== current.mfaVoidBeforeMicros;
  if (!isNews) return undefined;
  return {
    ...current,
    ...entry,
    mfaEnabled: mfaEnabled ?? current.mfaEnabled,
    mfaAtMicros: mfaEnabled === undefined ? current.mfaAtMicros : atMicros,
    tokensVoidBeforeMicros,
    mfaVoidBeforeMicros,
    membershipsVoidUntilMicros,
  };
};
