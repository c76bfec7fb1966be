import type { Caller, Target } from '@scaivault/pipeline';
import { presenceOf } from '../domain/recovery.ts';
import { secretNotFound } from '../domain/refusals.ts';

/**
 * The secret when it is there and not deleted; 404 `secret_not_found` otherwise. That it is deleted is told only to a
 * caller who could write it (rest-api-core 4.3).
 */
export const requireLiving = <Found extends { readonly deletedAtMicros: number | null }>(
  caller: Pick<Caller, 'judge'>,
  { path, policyPath }: Target,
  found: Found | undefined,
  nowMicros: number,
): Found => {
  if (found === undefined) throw secretNotFound(path);
  if (found.deletedAtMicros === null) return found;
  const disclosed =
    presenceOf(found.deletedAtMicros, nowMicros) === 'deleted' && caller.judge('write', policyPath).allowed;
  throw secretNotFound(path, disclosed ? found.deletedAtMicros : undefined);
};
