import { createHash } from 'node:crypto';

/** A signed head of a tenant's chain (rest-api-core 7.2). Hashes are 32 raw bytes. */
export interface Checkpoint {
  readonly id: string;
  readonly firstEventSeq: number;
  readonly lastEventSeq: number;
  readonly recordCount: number;
  readonly rootHash: Buffer;
  readonly prevHash: Buffer;
  readonly headHash: Buffer;
  readonly sealedAtMicros: number;
  readonly keyId: string;
  readonly signature: Buffer;
}

/** The most records of one checkpoint. */
export const mostRecords = 1000;

/** What the first checkpoint of a chain has as prev_hash. */
export const noHead: Buffer = Buffer.alloc(32);

/** SHA-256(02, prev_hash, root_hash, first and last event_seq as 8 bytes, big-endian). */
export const headHashOf = ({
  prevHash,
  rootHash,
  firstEventSeq,
  lastEventSeq,
}: Pick<Checkpoint, 'prevHash' | 'rootHash' | 'firstEventSeq' | 'lastEventSeq'>): Buffer => {
  const numbers = Buffer.alloc(16);
  numbers.writeBigUInt64BE(BigInt(firstEventSeq), 0);
  numbers.writeBigUInt64BE(BigInt(lastEventSeq), 8);
  return createHash('sha256').update(Buffer.of(0x02)).update(prevHash).update(rootHash).update(numbers).digest();
};
