/** What a version is to a reader (rest-api-core 4.1); follows from numbers and times, so it is stored nowhere. */
export type VersionState = 'current' | 'superseded' | 'destroyed';

/** The state of one version of a secret whose newest is `currentVersion`. */
export const versionState = (
  { version, destroyedAtMicros }: { readonly version: number; readonly destroyedAtMicros: number | null },
  currentVersion: number,
): VersionState => {
  if (destroyedAtMicros !== null) return 'destroyed';
  return version === currentVersion ? 'current' : 'superseded';
};
