import type { VersionFacts } from './secret.ts';

/** What a version is to a reader (rest-api-core 4.1); follows from numbers and times, so it is stored nowhere. */
export type VersionState = 'current' | 'superseded' | 'grace' | 'retired' | 'destroyed';

/** Whether a rotation has put another version in its place and the time to still read it is over. */
export const isRetired = (graceEndsAtMicros: number | null, nowMicros: number): boolean =>
  graceEndsAtMicros !== null && nowMicros >= graceEndsAtMicros;

/** The state of one version of a secret whose newest is `currentVersion`. */
export const versionState = (
  {
    version,
    destroyedAtMicros,
    graceEndsAtMicros,
  }: Pick<VersionFacts, 'version' | 'destroyedAtMicros' | 'graceEndsAtMicros'>,
  currentVersion: number,
  nowMicros: number,
): VersionState => {
  if (destroyedAtMicros !== null) return 'destroyed';
  if (version === currentVersion) return 'current';
  if (graceEndsAtMicros === null) return 'superseded';
  return isRetired(graceEndsAtMicros, nowMicros) ? 'retired' : 'grace';
};
