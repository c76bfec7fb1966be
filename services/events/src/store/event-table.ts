import type { Database } from '@scaivault/db';
import { writeEnvelope } from '../domain/write-envelope.ts';
import type { EventStore } from '../ports.ts';

/** The table `event`. */
export const createEventTable = ({ sql }: Pick<Database, 'sql'>): EventStore => ({
  add: async (tx, scopeId, partnerId, events) => {
    const rows = await tx<{ id: string }[]>`
      insert into event (scope_id, id, event_type, occurred_at, path, body)
      select ${scopeId}, e.id, e.event_type, e.occurred_at, e.path, e.body
      from unnest(
        ${events.map(({ id }) => id)}::text[], ${events.map(({ type }) => type)}::text[],
        ${events.map(({ atMicros }) => atMicros)}::timestamptz[], ${events.map(({ path }) => path)}::text[],
        ${events.map((event) => writeEnvelope(event, partnerId))}::text[]
      ) as e (id, event_type, occurred_at, path, body)
      on conflict do nothing
      returning id`;
    return new Set(rows.map(({ id }) => id));
  },

  forget: async (beforeMicros, most) => {
    const [row] = await sql<{ forgotten: number }[]>`
      select forget_events(${beforeMicros}::timestamptz, ${most}::int4) as "forgotten"`;
    if (row === undefined) throw new Error('forget_events did not answer.');
    return row.forgotten;
  },
});
