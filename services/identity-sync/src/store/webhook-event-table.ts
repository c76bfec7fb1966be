import type { Database, Tx } from '@scaivault/db';

/** True when the event is new; one that another transaction is taking in at the moment is waited for. */
export const rememberEvent = async (tx: Tx, eventId: string, nowMicros: number): Promise<boolean> => {
  const { count } = await tx`
    insert into webhook_event (event_id, received_at) values (${eventId}, ${nowMicros}) on conflict do nothing`;
  return count === 1;
};

/** Removes up to `most` events received before that time; how many. */
export const forgetEvents = async (
  { sql }: Pick<Database, 'sql'>,
  receivedBeforeMicros: number,
  most: number,
): Promise<number> => {
  const { count } = await sql`
    delete from webhook_event where event_id in (
      select event_id from webhook_event where received_at < ${receivedBeforeMicros}::timestamptz
      order by received_at limit ${most})`;
  return count;
};
