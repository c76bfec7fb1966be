import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { EarlierRequest, IdempotencyTable, RequestPlace } from '@scaivault/db';
import type { Configuration } from '@scaivault/runtime';
import { scopeId } from '@scaivault/tenancy';
import { answerLost, inProgress, mismatch } from './conflicts.ts';
import type { Beginning, Idempotency, KeyedRequest, Run } from './idempotency.ts';
import type { KeyedRow, KeySeal } from './key-seal.ts';
import { type RowCipher, rowKeyBytes, takeRowKey } from './row-cipher.ts';

/** Beyond the longest request a run counts as dead. It need not be: one that has lost its row cannot commit. */
const marginMs = 30_000;
const sweptAtOnce = 1000;

/** Identities are told apart as by the rate limits: by home tenant and name. The tenant acted in is the row's scope. */
const placeOf = ({ caller, key }: KeyedRequest): RequestPlace => ({
  scopeId: scopeId(caller.scope),
  id: createHash('sha256')
    .update(JSON.stringify([caller.homeTenantId ?? caller.tenantId, caller.identityId, key]))
    .digest(),
});

/** Method, path and body are RPC and message; whose objects they speak of stands beside them. */
const fingerprintOf = (cipher: RowCipher, { caller, rpc, message }: KeyedRequest): Buffer =>
  cipher.fingerprint([rpc, scopeId(caller.objectScope), scopeId(caller.sharedScope)], message);

export interface IdempotencyOptions {
  readonly table: IdempotencyTable;
  readonly seal: KeySeal;
  readonly config: Pick<Configuration, 'REQUEST_TIMEOUT' | 'RPC_TIMEOUT'>;
}

/**
 * Every row has a random key of its own, sealed under the tenant key when the row is made. So a first request and a replay
 * cost one sealing or opening each, nothing of request and answer goes to the key chain, and between the operation and
 * its kept answer stands the database alone.
 */
export const createIdempotency = ({ table, seal, config }: IdempotencyOptions): Idempotency => {
  const busyMs = Math.max(config.REQUEST_TIMEOUT, config.RPC_TIMEOUT) + marginMs;

  const runOf = (place: RequestPlace, token: string, cipher: RowCipher): Run => {
    let isMarked = false;
    return {
      get isMarked() {
        return isMarked;
      },
      commit: async (tx) => {
        if (!(await table.commit(tx, place, token))) throw inProgress();
        isMarked = true;
      },
      keep: (answer) => table.keep(place, token, cipher.sealAnswer(answer)),
      release: () => table.release(place, token),
    };
  };

  /** Undefined when somebody else claimed the place meanwhile. */
  const claim = async (request: KeyedRequest, place: RequestPlace, row: KeyedRow): Promise<Beginning | undefined> => {
    const raw = randomBytes(rowKeyBytes);
    const sealedKey = await seal.seal(row, raw);
    const cipher = takeRowKey(raw);
    const token = randomUUID();
    const fingerprint = fingerprintOf(cipher, request);
    const isOurs = await table.insert(place, { token, fingerprint, sealedKey }, busyMs);
    return isOurs ? { run: runOf(place, token, cipher) } : undefined;
  };

  const follow = async (
    request: KeyedRequest,
    place: RequestPlace,
    row: KeyedRow,
    earlier: EarlierRequest,
  ): Promise<Beginning> => {
    const cipher = takeRowKey(await seal.open(row, earlier.sealedKey));
    if (!timingSafeEqual(fingerprintOf(cipher, request), earlier.fingerprint)) throw mismatch();
    if (earlier.answer !== null) return { kept: cipher.openAnswer(earlier.answer) };
    if (earlier.isBusy) throw inProgress();
    if (earlier.isCommitted) throw answerLost();
    const token = randomUUID();
    if (!(await table.takeOver(place, earlier.token, token, busyMs))) throw inProgress();
    return { run: runOf(place, token, cipher) };
  };

  return {
    begin: async (request) => {
      const place = placeOf(request);
      const { tenantId, partnerId } = request.caller;
      const row = { tenantId, partnerId, rowId: place.id.toString('hex') };
      const earlier = await table.find(place);
      if (earlier !== undefined) return await follow(request, place, row, earlier);
      const claimed = await claim(request, place, row);
      if (claimed !== undefined) return claimed;
      const winner = await table.find(place);
      // The winner has come and gone already.
      if (winner === undefined) throw inProgress();
      return await follow(request, place, row, winner);
    },
    sweep: async () => {
      while ((await table.sweep(sweptAtOnce)) === sweptAtOnce);
    },
  };
};
