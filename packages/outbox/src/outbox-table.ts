import type { Database } from '@scaivault/db';
import { newIdAfter, type ScopeId } from '@scaivault/tenancy';

/** A row as it is shipped. */
export interface OutboxEvent {
  readonly position: number;
  /** `evt_…`; the same whenever the row is read again. */
  readonly id: string;
  readonly scopeId: ScopeId;
  readonly type: string;
  readonly atMicros: number;
  readonly identityId: string;
  readonly path: string | null;
  readonly requestId: string | null;
  readonly data: string;
  readonly secretType: string | null;
  readonly tags: readonly string[];
}

export interface OutboxTable {
  /** The first events that are left, in the order of their positions and of their ids. */
  take(most: number): Promise<readonly OutboxEvent[]>;
  /** Removes what has been taken in elsewhere. */
  clear(events: readonly OutboxEvent[]): Promise<void>;
  /** How far the relay is behind. */
  backlog(): Promise<Backlog>;
}

export interface Backlog {
  /** Events that are left; never fewer than there are, as what was rolled back between them counts too. */
  readonly events: number;
  /** Since the first of them happened; 0 without any. */
  readonly oldestSeconds: number;
}

type Row = Omit<OutboxEvent, 'id'> & { readonly id: string | null };

/** The tables `outbox` and `outbox_head`, which the schema of each service that has events has. */
export const createOutboxTable = (db: Pick<Database, 'transaction' | 'sql'>): OutboxTable => ({
  take: (most) =>
    db.transaction(async (tx) => {
      const [[head], rows] = await Promise.all([
        tx<{ lastId: string }[]>`select last_id as "lastId" from outbox_head for update`,
        tx<Row[]>`
          select position, event_id as "id", scope_id as "scopeId", event_type as "type", occurred_at as "atMicros",
            identity_id as "identityId", path, request_id as "requestId", data, secret_type as "secretType", tags
          from read_outbox(${most}::int4)`,
      ]);
      if (head === undefined) throw new Error('The table outbox_head has lost its row.');
      let { lastId } = head;
      const named = rows.map((row): OutboxEvent => {
        if (row.id !== null) return { ...row, id: row.id };
        lastId = newIdAfter('evt', lastId);
        return { ...row, id: lastId };
      });
      const fresh = named.filter((_, index) => rows[index]?.id === null);
      if (fresh.length > 0) {
        tx.send(tx`
          select name_outbox(
            ${fresh.map(({ position }) => position)}::int8[], ${fresh.map(({ id }) => id)}::text[]
          )`);
        tx.send(tx`update outbox_head set last_id = ${lastId}`);
      }
      return named;
    }),

  clear: async (events) => {
    // Should the removal be lost, they are shipped again, as after any crash: no reason to wait for the disk.
    await db.sql`
      select clear_outbox(${events.map(({ position }) => position)}::int8[])
      from (select set_config('synchronous_commit', 'off', true)) as nothing_to_keep`;
  },

  backlog: async () => {
    const [backlog] = await db.sql<Backlog[]>`select events, oldest_seconds as "oldestSeconds" from outbox_backlog()`;
    return backlog ?? { events: 0, oldestSeconds: 0 };
  },
});
