import { VaultError } from '@scaivault/errors';
import { MAX_ID_BYTES, MAX_RECORD_BYTES, RECORD_OVERHEAD, type RecordTypeCode, sealRecord } from './format.ts';
import type { RunningIntent } from './ledger.ts';
import type { Segment } from './segment.ts';

/** Everything handed in during one event-loop turn; whoever waits for the same thing shares one promise. */
export interface Batch {
  timeMs: number;
  /** Intents begun, with offsets inside the batch until it is written. */
  readonly begun: RunningIntent[];
  /** Intents whose outcome is in this batch. */
  readonly finished: RunningIntent[];
  outcomes: number;
  written: PromiseWithResolvers<void> | undefined;
  durable: PromiseWithResolvers<void> | undefined;
  segment: Segment | undefined;
}

export const emptyBatch = (): Batch => ({
  timeMs: 0,
  begun: [],
  finished: [],
  outcomes: 0,
  written: undefined,
  durable: undefined,
  segment: undefined,
});

export interface BatchBuffer {
  readonly bytes: Buffer;
  readonly used: number;
  /** Encodes one record behind the others; answers its offset in the buffer. */
  append(type: RecordTypeCode, id: string, payload: Uint8Array, timeMs: number): number;
  clear(): void;
}

const INITIAL_BYTES = 64 * 1024;
/** A buffer that a burst made larger than this is given back afterwards. */
const KEPT_BYTES = 1024 * 1024;

/** The one buffer in which records are encoded in place and from which they are written. */
export const createBatchBuffer = (salt: number): BatchBuffer => {
  let bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  let used = 0;

  const reserve = (needed: number): void => {
    if (used + needed <= bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(bytes.length * 2, used + needed));
    bytes.copy(grown, 0, 0, used);
    bytes = grown;
  };

  return {
    get bytes() {
      return bytes;
    },
    get used() {
      return used;
    },
    append: (type, id, payload, timeMs) => {
      reserve(RECORD_OVERHEAD + id.length * 3 + payload.length);
      const at = used;
      const idBytes = bytes.write(id, at + RECORD_OVERHEAD, 'utf8');
      if (idBytes === 0 || idBytes > MAX_ID_BYTES || RECORD_OVERHEAD + idBytes + payload.length > MAX_RECORD_BYTES) {
        throw new VaultError('internal_error', 'An audit record has no id or is too large.');
      }
      bytes.set(payload, at + RECORD_OVERHEAD + idBytes);
      used += sealRecord(bytes, at, { type, timeMs, idBytes, payloadBytes: payload.length, salt });
      return at;
    },
    clear: () => {
      used = 0;
      if (bytes.length > KEPT_BYTES) bytes = Buffer.allocUnsafe(INITIAL_BYTES);
    },
  };
};
