/**
 * What the journal tells its operator: facts and counts only, never a record's id or payload. `segment` is a file name
 * inside the journal's directory, `errno` a system error name such as `ENOSPC`.
 */
export type JournalAlarm =
  | { readonly kind: 'quota_high' | 'quota_full'; readonly bytes: number; readonly maxBytes: number }
  | {
      readonly kind: 'write_failed' | 'sync_failed' | 'delete_failed';
      readonly errno: string;
      readonly segment?: string;
    }
  | { readonly kind: 'read_failed'; readonly errno: string }
  | { readonly kind: 'write_recovered' }
  | { readonly kind: 'lock_lost' }
  | { readonly kind: 'segment_unlinked' | 'segment_lost' | 'segment_quarantined'; readonly segment: string }
  | {
      readonly kind: 'segment_altered';
      readonly segment: string;
      readonly expectedBytes: number;
      readonly foundBytes: number;
    }
  | {
      readonly kind: 'record_quarantined' | 'tail_cut';
      readonly segment: string;
      readonly offset: number;
      readonly bytes: number;
    }
  | { readonly kind: 'intents_abandoned'; readonly records: number }
  | { readonly kind: 'ship_failed'; readonly records: number; readonly errno: string };

export type AlarmSink = (alarm: JournalAlarm) => void;

/** The system's name for a failure (`ENOSPC`), or the error's class name when the system did not name it. */
export const errnoOf = (error: unknown): string => {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
};
