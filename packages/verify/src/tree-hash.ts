import { createHash } from 'node:crypto';

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** MTH({d}) of RFC 9162, 2.1.1. */
export const hashLeaf = (content: string): Buffer => sha256(Uint8Array.of(0), Buffer.from(content, 'utf8'));

export const hashPair = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Uint8Array.of(1), left, right);

/** MTH of RFC 9162, 2.1.1 over leaf hashes: split at the largest power of two below their number. */
export const hashTree = (leaves: readonly Uint8Array[]): Uint8Array => {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return hashPair(hashTree(leaves.slice(0, split)), hashTree(leaves.slice(split)));
};

/** SHA-256(02, previous head, root, first and last number as 8 bytes each). */
export const hashHead = (previous: Uint8Array, root: Uint8Array, first: number, last: number): Buffer => {
  const numbers = new DataView(new ArrayBuffer(16));
  numbers.setBigUint64(0, BigInt(first));
  numbers.setBigUint64(8, BigInt(last));
  return sha256(Uint8Array.of(2), previous, root, new Uint8Array(numbers.buffer));
};
