import { hash } from 'node:crypto';

/** One step from a leaf up: the hash beside it, and on which side that stands. */
export interface ProofStep {
  readonly side: 'left' | 'right';
  readonly hash: Buffer;
}

const nodePrefix = Buffer.of(0x01);

/** SHA-256 of a zero byte and the record, so that no record can be taken for a node (RFC 9162, 2.1.1). */
export const leafHash = (record: string): Buffer => hash('sha256', `\0${record}`, 'buffer');

const nodeHash = (left: Buffer, right: Buffer): Buffer =>
  hash('sha256', Buffer.concat([nodePrefix, left, right]), 'buffer');

/** The row of nodes above; a last one without a neighbour goes up as it is, which gives the tree of RFC 9162. */
const rowAbove = (row: readonly Buffer[]): readonly Buffer[] => {
  const above: Buffer[] = [];
  for (let i = 0; i < row.length; i += 2) {
    const [left, right] = [row[i], row[i + 1]];
    if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right));
  }
  return above;
};

/** The root over leaf hashes (RFC 9162, 2.1.1); of none the hash of nothing. */
export const merkleRoot = (leaves: readonly Buffer[]): Buffer => {
  let row = leaves;
  while (row.length > 1) row = rowAbove(row);
  return row[0] ?? hash('sha256', '', 'buffer');
};

/** The steps by which the leaf at `index` leads to the root (RFC 9162, 2.1.3.1). */
export const auditPath = (leaves: readonly Buffer[], index: number): readonly ProofStep[] => {
  const steps: ProofStep[] = [];
  for (let row = leaves, at = index; row.length > 1; row = rowAbove(row), at = Math.floor(at / 2)) {
    const isRight = at % 2 === 1;
    const beside = row[isRight ? at - 1 : at + 1];
    if (beside !== undefined) steps.push({ side: isRight ? 'left' : 'right', hash: beside });
  }
  return steps;
};
