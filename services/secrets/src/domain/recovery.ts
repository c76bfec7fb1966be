/** How long a softly deleted secret can be brought back (rest-api-core 4.1). */
export const recoverableForMicros = 30 * 86_400 * 1_000_000;

/** The end of that time for a secret deleted at this instant, microseconds. */
export const recoverableUntil = (deletedAtMicros: number): number => deletedAtMicros + recoverableForMicros;

/** `gone`: its time to be restored is over, so it counts as never having been. */
export type Presence = 'living' | 'deleted' | 'gone';

/** What a stored secret is to its users now. */
export const presenceOf = (deletedAtMicros: number | null, nowMicros: number): Presence => {
  if (deletedAtMicros === null) return 'living';
  return nowMicros < recoverableUntil(deletedAtMicros) ? 'deleted' : 'gone';
};
