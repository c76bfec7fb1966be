import { isVaultError } from '@scaivault/errors';
import type { SystemAudit } from '@scaivault/pipeline';
import { formatSeconds, tenantOfScope } from '@scaivault/tenancy';
import { type ExpiryNotice, expiryNotices } from '../domain/expiry-notices.ts';
import { presenceOf } from '../domain/recovery.ts';
import { expiryNoticed } from '../domain/secret-events.ts';
import type { DueSecrets, HeldSecret, SecretPlace } from '../ports.ts';
import type { Clock } from './clock.ts';

/** What time has made of a secret. */
export type DueEvent = ExpiryNotice | { readonly kind: 'erased'; readonly deletedAtMicros: number };

/** The one of ours that acts when a time has come (rest-api-core 1.3). */
const actor = 'system:rotation-scheduler';
const mostAtOnce = 100;
const mostRounds = 10;

type Begin = (facts: Readonly<Record<string, unknown>>) => Promise<void>;

/** What the tenants of a partner share belongs to none of them, so there is no trail for its row. */
const withoutRow: Begin = () => Promise.resolve();

/** Does what is due under the lock; undefined when nothing is, because somebody else was faster. */
const happen = async (held: HeldSecret, nowMicros: number, begin: Begin): Promise<readonly DueEvent[] | undefined> => {
  const { deletedAtMicros, dueAtMicros } = held.facts;
  if (dueAtMicros === null || dueAtMicros > nowMicros) return undefined;
  if (deletedAtMicros !== null && presenceOf(deletedAtMicros, nowMicros) === 'gone') {
    await held.erase(nowMicros);
    await begin({ reason: 'retention_over', deleted_at: formatSeconds(deletedAtMicros / 1000) });
    return [{ kind: 'erased', deletedAtMicros }];
  }
  const notices = deletedAtMicros === null ? expiryNotices(held.facts, nowMicros) : [];
  const origin = { identityId: actor, requestId: null, atMicros: nowMicros };
  await held.settle(nowMicros);
  held.tell(notices.map((notice) => expiryNoticed(origin, held.facts, notice)));
  return notices;
};

/**
 * Erases secrets whose retention is over (rest-api-core 4.1), each with a row in its tenant's trail, and gives notice of
 * those that expire (4.3, `notify_before`), in the transaction that settles them. One that fails is told and left for the
 * next run; when the store is away the run ends. `tell`, for the operators' log, hears of each event once its transaction
 * is committed.
 */
export const createSweepDueSecrets = ({
  dueSecrets,
  audit,
  clock,
  tell,
  onFailure,
}: {
  readonly dueSecrets: DueSecrets;
  readonly audit: Pick<SystemAudit, 'finding'>;
  readonly clock: Clock;
  readonly tell: (place: SecretPlace, event: DueEvent) => void;
  readonly onFailure: (error: unknown) => void;
}) => {
  const sweepOne = async (place: SecretPlace): Promise<boolean> => {
    let events: readonly DueEvent[] | undefined;
    const work = (begin: Begin): Promise<void> =>
      dueSecrets.holdFree(place, async (held) => {
        events = await happen(held, clock(), begin);
      });
    const tenantId = tenantOfScope(place.scopeId);
    if (tenantId === undefined) await work(withoutRow);
    else await audit.finding({ tenantId, action: 'destroy', secretPath: place.path }, work);
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
