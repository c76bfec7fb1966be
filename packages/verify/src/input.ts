/** What we were given cannot be read; nothing was checked. */
export class InputError extends Error {}

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const number = (value: unknown, name: string): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new InputError(`${name} is no number`);
  return value;
};

const text = (value: unknown, name: string): string => {
  if (typeof value !== 'string') throw new InputError(`${name} is no text`);
  return value;
};

/** Bytes of a text in hex; what is none, or of another length, can match nothing. */
const hex = (value: unknown, name: string): Buffer => Buffer.from(text(value, name), 'hex');

export interface Checkpoint {
  readonly id: string;
  readonly first: number;
  readonly last: number;
  readonly root: Buffer;
  readonly previous: Buffer;
  readonly head: Buffer;
  readonly keyId: string;
  readonly signature: Buffer;
  /** Undefined where the answer did not have them. */
  readonly leaves: readonly Buffer[] | undefined;
}

const hashBytes = 32;

const split = (hashes: Buffer): readonly Buffer[] =>
  Array.from({ length: Math.floor(hashes.length / hashBytes) }, (_, i) =>
    hashes.subarray(i * hashBytes, (i + 1) * hashBytes),
  );

/** A checkpoint as the API shows it. */
export const readCheckpoint = (value: unknown): Checkpoint => {
  if (!isObject(value)) throw new InputError('a checkpoint is no object');
  return {
    id: text(value.id, 'id'),
    first: number(value.first_event_seq, 'first_event_seq'),
    last: number(value.last_event_seq, 'last_event_seq'),
    root: hex(value.root_hash, 'root_hash'),
    previous: hex(value.prev_hash, 'prev_hash'),
    head: hex(value.head_hash, 'head_hash'),
    keyId: text(value.key_id, 'key_id'),
    signature: Buffer.from(text(value.signature, 'signature'), 'base64url'),
    leaves: typeof value.leaf_hashes === 'string' ? split(hex(value.leaf_hashes, 'leaf_hashes')) : undefined,
  };
};

/** The number of a record; its other members are hashed as they are. */
export const numberOf = (record: unknown): number => {
  if (!isObject(record)) throw new InputError('a record is no object');
  return number(record.event_seq, 'event_seq');
};
