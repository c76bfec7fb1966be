import type { PolicyRequest, PolicySubject } from '../../src/index.ts';
import { naiveInRanges } from './address.ts';

const secondsOf: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 };

/** `1h30m` in milliseconds (rest-api-core 1.4). */
const durationMs = (text: string): number =>
  [...text.matchAll(/(\d+)([wdhms])/g)].reduce(
    (total, [, count, unit]) => total + Number(count) * (secondsOf[unit ?? ''] ?? 0) * 1000,
    0,
  );

interface Window {
  readonly days?: readonly string[];
  readonly start: string;
  readonly end: string;
  readonly timezone?: string;
}

/** Every wall clock of the zone reads `2026-04-23 14:05:00` in Swedish; its weekday is that of the date it shows. */
const wallClock = (nowMs: number, timeZone: string): { readonly date: string; readonly time: string } => {
  const text = new Date(nowMs).toLocaleString('sv-SE', { timeZone });
  return { date: text.slice(0, 10), time: text.slice(11, 16) };
};

const dayOf = (date: string, daysAgo: number): string => {
  const at = new Date(Date.parse(`${date}T00:00:00Z`) - daysAgo * 86_400_000);
  return ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][at.getUTCDay()] ?? '';
};

const inWindow = ({ days, start, end, timezone = 'UTC' }: Window, nowMs: number): boolean => {
  const { date, time } = wallClock(nowMs, timezone);
  const listed = (day: string): boolean => days === undefined || days.includes(day);
  const [today, yesterday] = [dayOf(date, 0), dayOf(date, 1)];
  if (start === end) return listed(today);
  if (start < end) return listed(today) && time >= start && time < end;
  return (listed(today) && time >= start) || (listed(yesterday) && time < end);
};

const known = ['ip_ranges', 'identity_types', 'time_window', 'token_max_age', 'require_mfa', 'mfa_max_age'];

/**
 * The condition with a name that the contract does not know, else the first one that fails in the order of the table of
 * rest-api-core 6.3; undefined when all hold.
 */
export const naiveFailure = (
  conditions: Readonly<Record<string, unknown>>,
  { identityType }: Pick<PolicySubject, 'identityType'>,
  { nowMs, sourceIp, token }: PolicyRequest,
): { readonly name: string; readonly mfaMaxAge?: string; readonly isUnknown?: true } | undefined => {
  const unknown = Object.keys(conditions).find((name) => !known.includes(name));
  if (unknown !== undefined) return { name: unknown, isUnknown: true };
  const { ip_ranges, identity_types, time_window, token_max_age, require_mfa, mfa_max_age = '15m' } = conditions;
  if (ip_ranges !== undefined && !naiveInRanges(ip_ranges as string[], sourceIp)) return { name: 'ip_ranges' };
  if (identity_types !== undefined && !(identity_types as string[]).includes(identityType)) {
    return { name: 'identity_types' };
  }
  if (time_window !== undefined && !inWindow(time_window as Window, nowMs)) return { name: 'time_window' };
  const isOlder = (sinceMs: number | null, most: unknown): boolean =>
    sinceMs === null || nowMs - sinceMs > durationMs(String(most));
  if (token_max_age !== undefined && isOlder(token.issuedAtMs, token_max_age)) return { name: 'token_max_age' };
  if (require_mfa !== undefined && isOlder(token.mfaVerifiedAtMs, mfa_max_age)) {
    return { name: 'require_mfa', mfaMaxAge: String(mfa_max_age) };
  }
  return undefined;
};
