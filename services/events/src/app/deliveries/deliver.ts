import { isVaultError } from '@scaivault/errors';
import type { Claim, Parcel } from '../../domain/deliveries/delivery.ts';
import { mostAttempts, pauseAfter } from '../../domain/deliveries/retry-schedule.ts';
import type { AttemptResult, DeliveryStore } from '../../ports/deliveries.ts';
import type { AttemptDelivery } from './attempt-delivery.ts';
import type { RecordAttempt } from './record-attempt.ts';

/** Any 2xx within this time is success (rest-api-core 9). */
const timeoutMs = 10_000;
/** For the keys to come back. */
const withoutKeysMs = 15_000;

/** An attempt whose process is gone may have arrived; after the last one nothing is tried again. */
const lost = { responseCode: null, durationMs: 0, error: 'timeout' } as const;

export type Deliver = (claim: Claim) => Promise<void>;

/** One claimed delivery from the look at its row to the outcome in it. */
export const createDeliver =
  ({
    deliveries,
    mayDeliver,
    attemptDelivery,
    recordAttempt,
    random,
  }: {
    readonly deliveries: Pick<DeliveryStore, 'open' | 'postpone' | 'withhold'>;
    /** Whether the receiver may have this event now; asked before each attempt. 503 while nobody can say. */
    readonly mayDeliver: (parcel: Parcel) => Promise<boolean>;
    readonly attemptDelivery: AttemptDelivery;
    readonly recordAttempt: RecordAttempt;
    readonly random: () => number;
  }): Deliver =>
  async (claim) => {
    const opened = await deliveries.open(claim);
    if (opened === undefined) return;
    const { parcel, secrets } = opened;
    const attempt = async (): Promise<AttemptResult> => {
      const outcome = parcel.attempt > mostAttempts ? lost : await attemptDelivery(parcel, secrets, timeoutMs);
      if (outcome.error === null) return { outcome, status: 'success', pauseMs: undefined };
      const pauseMs = pauseAfter(parcel.attempt, random());
      return { outcome, status: pauseMs === undefined ? 'failed' : 'pending', pauseMs };
    };
    let result: AttemptResult;
    try {
      if (!(await mayDeliver(parcel))) return await deliveries.withhold(claim);
      result = await attempt();
    } catch (error) {
      if (!isVaultError(error, 'service_unavailable')) throw error;
      await deliveries.postpone(claim, withoutKeysMs);
      return;
    }
    await recordAttempt(claim, parcel, result);
  };
