import type { Permission } from './permission.ts';

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof weekdays)[number];

export const identityTypes = ['user', 'service_account'] as const;
export type IdentityType = (typeof identityTypes)[number];

export interface TimeWindow {
  readonly days?: readonly Weekday[];
  /** Local wall time, `HH:MM`. */
  readonly start: string;
  readonly end: string;
  /** IANA name; UTC when absent. */
  readonly timezone?: string;
}

/** The conditions of a rule as they stand in JSON (rest-api-core 6.3); durations keep the text they were sent with. */
export interface Conditions {
  readonly ip_ranges?: readonly string[];
  readonly identity_types?: readonly IdentityType[];
  readonly time_window?: TimeWindow;
  readonly token_max_age?: string;
  readonly require_mfa?: true;
  readonly mfa_max_age?: string;
}

/** One rule as it is stored and answered (rest-api-core 6.1). */
export interface RuleDocument {
  readonly path_pattern: string;
  readonly permissions: readonly Permission[];
  readonly effect: 'allow' | 'deny';
  readonly conditions: Conditions | null;
}
