import { parseDuration } from '@scaivault/tenancy';
import { recoverableUntil } from './recovery.ts';
import type { SecretFacts } from './secret.ts';

type DueFacts = Pick<SecretFacts, 'expiresAtMicros' | 'deletedAtMicros' | 'notifyBefore'>;

/** When a notice so long before the expiry is due, microseconds. */
export const noticeTime = (expiresAtMicros: number, before: string): number =>
  expiresAtMicros - parseDuration(before, { field: 'notify_before' }).seconds * 1_000_000;

/**
 * When something next happens to a secret by itself, microseconds: a notice of its expiry or the expiry, for a deleted
 * one the end of its retention. Null: never. What lies at or before `nowMicros` has happened.
 */
export const nextDue = (
  { expiresAtMicros, deletedAtMicros, notifyBefore }: DueFacts,
  nowMicros: number,
): number | null => {
  if (deletedAtMicros !== null) return recoverableUntil(deletedAtMicros);
  if (expiresAtMicros === null) return null;
  const times = [expiresAtMicros, ...notifyBefore.map((before) => noticeTime(expiresAtMicros, before))];
  const ahead = times.filter((time) => time > nowMicros);
  return ahead.length === 0 ? null : Math.min(...ahead);
};
