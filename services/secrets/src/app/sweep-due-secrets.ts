import { isVaultError } from '@scaivault/errors';
import { type ExpiryNotice, expiryNotices } from '../domain/expiry-notices.ts';
import { presenceOf } from '../domain/recovery.ts';
import type { DueSecrets, HeldSecret, SecretPlace } from '../ports.ts';
import type { Clock } from './clock.ts';

/** What time has made of a secret. */
export type DueEvent = ExpiryNotice | { readonly kind: 'erased'; readonly deletedAtMicros: number };

const mostAtOnce = 100;
const mostRounds = 10;

/** Does what is due under the lock; undefined when nothing is, because somebody else was faster. */
const happen = async (held: HeldSecret, nowMicros: number): Promise<readonly DueEvent[] | undefined> => {
  const { deletedAtMicros, dueAtMicros } = held.facts;
  if (dueAtMicros === null || dueAtMicros > nowMicros) return undefined;
  if (deletedAtMicros !== null && presenceOf(deletedAtMicros, nowMicros) === 'gone') {
    await held.erase(nowMicros);
    return [{ kind: 'erased', deletedAtMicros }];
  }
  const notices = deletedAtMicros === null ? expiryNotices(held.facts, nowMicros) : [];
  await held.settle(nowMicros);
  return notices;
};

/**
 * Erases secrets whose retention is over (rest-api-core 4.1) and gives notice of those that expire (4.3,
 * `notify_before`). One that fails is told and left for the next run; when the store is away the run ends. `tell` hears
 * of each event once its transaction is committed.
 */
export const createSweepDueSecrets = ({
  dueSecrets,
  clock,
  tell,
  onFailure,
}: {
  readonly dueSecrets: DueSecrets;
  readonly clock: Clock;
  readonly tell: (place: SecretPlace, event: DueEvent) => void;
  readonly onFailure: (error: unknown) => void;
}) => {
  const sweepOne = async (place: SecretPlace): Promise<boolean> => {
    let events: readonly DueEvent[] | undefined;
    await dueSecrets.holdFree(place, async (held) => {
      events = await happen(held, clock());
    });
    for (const event of events ?? []) tell(place, event);
    return events !== undefined;
  };

  const trySweepOne = async (place: SecretPlace): Promise<boolean> => {
    try {
      return await sweepOne(place);
    } catch (error) {
      if (isVaultError(error, 'service_unavailable')) throw error;
      onFailure(error);
      return false;
    }
  };

  return async (): Promise<void> => {
    for (let round = 0; round < mostRounds; round += 1) {
      const places = await dueSecrets.find(clock(), mostAtOnce);
      let swept = 0;
      for (const place of places) if (await trySweepOne(place)) swept += 1;
      // All of a batch in other hands, or failing: the next one would be the same.
      if (places.length < mostAtOnce || swept === 0) return;
    }
  };
};
