import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditPath, leafHash, merkleRoot } from './merkle-tree.ts';

/** Roots over leaf hashes of 00, 0000, … one byte more each, by the split of RFC 9162, 2.1.1. */
const byDefinition = (leaves: readonly Buffer[]): Buffer => {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const halves = [byDefinition(leaves.slice(0, split)), byDefinition(leaves.slice(split))];
  return createHash('sha256').update(Buffer.of(1)).update(Buffer.concat(halves)).digest();
};

const leaves = (count: number): readonly Buffer[] => Array.from({ length: count }, (_, i) => leafHash(`record ${i}`));

const climb = (leaf: Buffer, steps: ReturnType<typeof auditPath>): Buffer =>
  steps.reduce((hash, step) => {
    const pair = step.side === 'left' ? [step.hash, hash] : [hash, step.hash];
    return createHash('sha256').update(Buffer.of(1)).update(Buffer.concat(pair)).digest();
  }, leaf);

describe('the tree', () => {
  it('hashes a leaf behind a zero byte', () => {
    expect(leafHash('').toString('hex')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  });

  it('is that of RFC 9162 for every number of leaves', () => {
    const all = leaves(70);
    for (let count = 1; count <= 70; count += 1) {
      const some = all.slice(0, count);
      expect(merkleRoot(some), `${count} leaves`).toEqual(byDefinition(some));
    }
  });

  it('leads from every leaf to the root, and from no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (count, seed) => {
        const all = leaves(count);
        const index = seed % count;
        const path = auditPath(all, index);
        expect(climb(all[index] ?? Buffer.alloc(0), path)).toEqual(merkleRoot(all));
        expect(climb(leafHash('another'), path)).not.toEqual(merkleRoot(all));
        expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)));
      }),
      { numRuns: 50 },
    );
  });
});
