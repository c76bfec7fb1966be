import { parseDuration } from '@scaivault/tenancy';
import type { Conditions, TimeWindow } from '../rule-document.ts';
import { weekdays } from '../rule-document.ts';

const isSubset = (part: readonly string[] | undefined, whole: readonly string[]): boolean =>
  part?.every((entry) => whole.includes(entry)) ?? false;

const isYounger = (given: string | undefined, most: string): boolean =>
  given !== undefined && parseDuration(given, { field: '' }).seconds <= parseDuration(most, { field: '' }).seconds;

/** The same hours of the same zone, on no other days. */
const isWithin = (given: TimeWindow | undefined, window: TimeWindow): boolean =>
  given !== undefined &&
  given.start === window.start &&
  given.end === window.end &&
  (given.timezone ?? 'UTC') === (window.timezone ?? 'UTC') &&
  isSubset(given.days ?? weekdays, window.days ?? weekdays);

/**
 * True when the conditions `wide` hold whenever `narrow` hold (rest-api-core 6.3; both were read before, so both are
 * sound). False may also mean that it was not seen: address blocks are compared as they are written.
 */
export const impliesConditions = (narrow: Conditions, wide: Conditions): boolean =>
  (wide.ip_ranges === undefined || isSubset(narrow.ip_ranges, wide.ip_ranges)) &&
  (wide.identity_types === undefined || isSubset(narrow.identity_types, wide.identity_types)) &&
  (wide.time_window === undefined || isWithin(narrow.time_window, wide.time_window)) &&
  (wide.token_max_age === undefined || isYounger(narrow.token_max_age, wide.token_max_age)) &&
  (wide.require_mfa === undefined ||
    (narrow.require_mfa === true && isYounger(narrow.mfa_max_age ?? '15m', wide.mfa_max_age ?? '15m')));
