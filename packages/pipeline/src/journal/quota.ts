import type { AlarmSink } from './alarm.ts';

/** What is let in how far: new work up to a reserve, outcomes of running work to the brim, housekeeping always. */
export type Admission = 'begin' | 'finish' | 'housekeeping';

export interface Quota {
  admits(totalBytes: number, admission: Admission): boolean;
  /** Somebody was turned away; one alarm until there is room again. */
  refused(totalBytes: number): void;
  /** Called with the journal's size whenever it changed; one alarm at 80 %, rearmed below 70 %. */
  observe(bytes: number): void;
}

/**
 * The journal's share of the disk. New work stops a sixty-fourth before the quota, so that requests already running can
 * still leave their outcome; housekeeping (which frees segments) is a few records and passes.
 */
export const createQuota = (maxBytes: number, onAlarm: AlarmSink): Quota => {
  const limits = { begin: maxBytes - Math.floor(maxBytes / 64), finish: maxBytes, housekeeping: Infinity };
  let high = false;
  let full = false;
  return {
    admits: (totalBytes, admission) => totalBytes <= limits[admission],
    refused: (bytes) => {
      if (!full) onAlarm({ kind: 'quota_full', bytes, maxBytes });
      full = true;
    },
    observe: (bytes) => {
      if (!high && bytes >= maxBytes * 0.8) {
        high = true;
        onAlarm({ kind: 'quota_high', bytes, maxBytes });
      } else if (bytes < maxBytes * 0.7) {
        high = false;
        full = false;
      }
    },
  };
};
