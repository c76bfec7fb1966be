import type { ScopeId } from '@scaivault/tenancy';
import type { Database } from './database.ts';
import type { Tx } from './sql-tag.ts';

/** Where the row of a request lies: in the scope acted in, under 32 bytes that stand for who asked with which key. */
export interface RequestPlace {
  readonly scopeId: ScopeId;
  readonly id: Buffer;
}

/** A row's own key, as the key chain has sealed it (`SealedData` of packages/crypto). */
export interface SealedRowKey {
  readonly ciphertext: Buffer;
  readonly wrappedKey: Buffer;
  readonly wrappedBy: string;
}

/** What a row says of the request that was the first with its key. */
export interface EarlierRequest {
  /** Of the run that owns the row. */
  readonly token: string;
  readonly fingerprint: Buffer;
  readonly sealedKey: SealedRowKey;
  /** True while that run counts as alive. */
  readonly isBusy: boolean;
  /** True when the transaction of its operation has committed. */
  readonly isCommitted: boolean;
  readonly answer: Buffer | null;
}

export type NewRequest = Pick<EarlierRequest, 'token' | 'fingerprint' | 'sealedKey'>;

/**
 * The table `idempotency`, which the schema of each service has whose RPCs honour an Idempotency-Key (rest-api-core 1.6).
 * All times are the server's. A row belongs to one run, named by its token; a run that has lost its row changes nothing.
 */
export interface IdempotencyTable {
  /** Undefined when the key was never used here, or more than 24 hours ago. */
  find(place: RequestPlace): Promise<EarlierRequest | undefined>;
  /** Claims a free place, alive for `busyMs`; false when somebody else was faster. */
  insert(place: RequestPlace, request: NewRequest, busyMs: number): Promise<boolean>;
  /** Gives the row of a run that is no longer alive, and has done nothing, to a new one; false when it is not so. */
  takeOver(place: RequestPlace, from: string, to: string, busyMs: number): Promise<boolean>;
  /**
   * Inside the operation's transaction, whatever its scope: the request is carried out by this run. False when the run
   * has lost the row or has committed before; then the transaction must not commit.
   */
  commit(tx: Tx, place: RequestPlace, token: string): Promise<boolean>;
  /** Writes the answer that later requests get. */
  keep(place: RequestPlace, token: string, answer: Buffer): Promise<void>;
  /** The run is over and has no answer to keep: frees the place, unless the operation has committed. */
  release(place: RequestPlace, token: string): Promise<void>;
  /** Removes up to `most` expired rows of any scope; how many. */
  sweep(most: number): Promise<number>;
}

interface Row extends Omit<EarlierRequest, 'sealedKey'>, SealedRowKey {}

export const createIdempotencyTable = ({ sql, withScope }: Pick<Database, 'sql' | 'withScope'>): IdempotencyTable => {
  const at = (tx: Tx, { scopeId, id }: RequestPlace) => tx`scope_id = ${scopeId} and id = ${id}`;
  const fromNow = (tx: Tx, ms: number) => tx`now() + ${ms}::float8 * interval '1 millisecond'`;
  const aDayOn = (tx: Tx) => tx`now() + interval '24 hours'`;

  return {
    find: (place) =>
      withScope(place.scopeId, async (tx) => {
        const [row] = await tx<Row[]>`
          select token, fingerprint, answer_ct as "answer", busy_until > now() as "isBusy",
            committed_at is not null as "isCommitted",
            key_ct as "ciphertext", key_wrapped as "wrappedKey", wrapped_by as "wrappedBy"
          from idempotency where ${at(tx, place)} and expires_at > now()`;
        if (row === undefined) return undefined;
        const { ciphertext, wrappedKey, wrappedBy, ...rest } = row;
        return { ...rest, sealedKey: { ciphertext, wrappedKey, wrappedBy } };
      }),

    insert: (place, { token, fingerprint, sealedKey }, busyMs) =>
      withScope(place.scopeId, async (tx) => {
        const { count } = await tx`
          insert into idempotency as i
            (scope_id, id, token, busy_until, fingerprint, key_ct, key_wrapped, wrapped_by, expires_at)
          values (${place.scopeId}, ${place.id}, ${token}, ${fromNow(tx, busyMs)}, ${fingerprint},
            ${sealedKey.ciphertext}, ${sealedKey.wrappedKey}, ${sealedKey.wrappedBy}, ${aDayOn(tx)})
          on conflict (scope_id, id) do update set
            token = excluded.token, busy_until = excluded.busy_until, committed_at = null,
            fingerprint = excluded.fingerprint, answer_ct = null, key_ct = excluded.key_ct,
            key_wrapped = excluded.key_wrapped, wrapped_by = excluded.wrapped_by, expires_at = excluded.expires_at
          where i.expires_at <= now()`;
        return count === 1;
      }),

    takeOver: (place, from, to, busyMs) =>
      withScope(place.scopeId, async (tx) => {
        // Waits for a transaction that is about to commit the row, and looks again at what it has left.
        const { count } = await tx`
          update idempotency set token = ${to}, busy_until = ${fromNow(tx, busyMs)}, expires_at = ${aDayOn(tx)}
          where ${at(tx, place)} and token = ${from} and busy_until <= now() and committed_at is null
            and answer_ct is null`;
        return count === 1;
      }),

    commit: async (tx, { scopeId, id }, token) => {
      const [row] = await tx<{ done: boolean }[]>`
        select commit_idempotency(${scopeId}, ${id}, ${token}::uuid) as "done"`;
      return row?.done === true;
    },

    keep: (place, token, answer) =>
      withScope(place.scopeId, async (tx) => {
        await tx`update idempotency set answer_ct = ${answer} where ${at(tx, place)} and token = ${token}`;
      }),

    release: (place, token) =>
      withScope(place.scopeId, async (tx) => {
        // Waits likewise: after a 503 nobody knows yet whether the operation has committed.
        const { count } = await tx`
          delete from idempotency
          where ${at(tx, place)} and token = ${token} and committed_at is null and answer_ct is null`;
        if (count === 0)
          await tx`update idempotency set busy_until = now() where ${at(tx, place)} and token = ${token}`;
      }),

    sweep: async (most) => {
      const [row] = await sql<{ removed: number }[]>`select sweep_idempotency(${most}) as "removed"`;
      return row?.removed ?? 0;
    },
  };
};
