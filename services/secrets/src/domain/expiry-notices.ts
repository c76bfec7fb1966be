import { noticeTime } from './due.ts';
import type { SecretFacts } from './secret.ts';

/** What is told about the expiry of a secret's current version (rest-api-core 8.2). */
export type ExpiryNotice =
  | {
      readonly kind: 'expiring';
      readonly expiresAtMicros: number;
      /** Whole days, as lists of expiring secrets show them. */
      readonly daysRemaining: number;
      /** The duration before the expiry that has begun, as it was sent. */
      readonly threshold: string;
    }
  | { readonly kind: 'expired'; readonly expiresAtMicros: number; readonly version: number };

const dayMicros = 86_400_000_000;

/**
 * The notices of a living secret that became due since it was last settled, up to `nowMicros`: one for each threshold,
 * or the expiry alone once it has come.
 */
export const expiryNotices = (
  { expiresAtMicros, dueAtMicros, notifyBefore, currentVersion }: SecretFacts,
  nowMicros: number,
): readonly ExpiryNotice[] => {
  if (expiresAtMicros === null || dueAtMicros === null || dueAtMicros > nowMicros) return [];
  if (expiresAtMicros <= nowMicros) return [{ kind: 'expired', expiresAtMicros, version: currentVersion }];
  const daysRemaining = Math.floor((expiresAtMicros - nowMicros) / dayMicros);
  const begun = [...new Set(notifyBefore)].filter((threshold) => {
    const at = noticeTime(expiresAtMicros, threshold);
    return dueAtMicros <= at && at <= nowMicros;
  });
  return begun.map((threshold) => ({ kind: 'expiring', expiresAtMicros, daysRemaining, threshold }));
};
