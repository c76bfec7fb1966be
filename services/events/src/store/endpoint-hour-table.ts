import type { Tx } from '@scaivault/db';
import type { AttemptOutcome } from '../domain/deliveries/attempt.ts';
import type { EndpointPlace } from '../domain/deliveries/delivery.ts';

/** Counts an attempt into its hour of the day; what stands there of an earlier day is written over. */
export const countAttempt = async (
  tx: Tx,
  { scopeId, endpointId }: EndpointPlace,
  { error, durationMs }: AttemptOutcome,
): Promise<void> => {
  await tx`
    insert into endpoint_hour as h
      (scope_id, endpoint_id, hour_of_day, begins_at, attempts, successes, duration_ms)
    values (${scopeId}, ${endpointId}, extract(hour from now()), date_trunc('hour', now()), 1,
      ${error === null ? 1 : 0}::int4, ${durationMs}::int8)
    on conflict (scope_id, endpoint_id, hour_of_day) do update set
      begins_at = excluded.begins_at,
      attempts = excluded.attempts + case when h.begins_at = excluded.begins_at then h.attempts else 0 end,
      successes = excluded.successes + case when h.begins_at = excluded.begins_at then h.successes else 0 end,
      duration_ms = excluded.duration_ms + case when h.begins_at = excluded.begins_at then h.duration_ms else 0 end`;
};

export interface AttemptCounts {
  readonly attempts: number;
  readonly successes: number;
  readonly durationMs: number;
}

/** Attempts of the last 24 hours; the hour that began before them is left out. */
export const readAttemptCounts = async (tx: Tx, { scopeId, endpointId }: EndpointPlace): Promise<AttemptCounts> => {
  const [row] = await tx<AttemptCounts[]>`
    select coalesce(sum(attempts), 0)::int8 as "attempts", coalesce(sum(successes), 0)::int8 as "successes",
      coalesce(sum(duration_ms), 0)::int8 as "durationMs"
    from endpoint_hour
    where scope_id = ${scopeId} and endpoint_id = ${endpointId} and begins_at > now() - interval '24 hours'`;
  return row ?? { attempts: 0, successes: 0, durationMs: 0 };
};
