import { type KeyObject, verify } from 'node:crypto';
import type { Report } from './finding.ts';
import type { Checkpoint } from './input.ts';
import { hashHead } from './tree-hash.ts';

const zeros = Buffer.alloc(32);

/** Links, heads and signatures of checkpoints in the order of their numbers; an excerpt may begin anywhere. */
export const checkChain = (
  chain: readonly Checkpoint[],
  keys: ReadonlyMap<string, KeyObject>,
  kept: readonly Checkpoint[],
  report: Report,
): void => {
  let before: Checkpoint | undefined;
  for (const checkpoint of chain) {
    const { id, first, last, root, previous, head, keyId, signature } = checkpoint;
    const broken = (what: string): void => report({ reason: 'chain_broken', eventSeq: first, checkpointId: id, what });
    if (before === undefined ? first === 1 && !previous.equals(zeros) : !previous.equals(before.head)) {
      broken('does not name the head of the checkpoint before it');
    } else if (last < first || (before !== undefined && first !== before.last + 1)) {
      broken('does not begin where the checkpoint before it ends');
    } else if (!head.equals(hashHead(previous, root, first, last))) {
      broken('has another head_hash than its content gives');
    }
    const key = keys.get(keyId);
    const invalid = (what: string): void =>
      report({ reason: 'signature_invalid', eventSeq: first, checkpointId: id, what });
    if (key === undefined) invalid(`is signed with a key that is not in the key set: ${keyId}`);
    else if (!verify(null, head, key, signature)) invalid('has a signature that does not fit');
    before = checkpoint;
  }
  const byEnd = new Map(chain.map((checkpoint) => [checkpoint.last, checkpoint]));
  for (const { id, first, last, head } of kept) {
    if (byEnd.get(last)?.head.equals(head)) continue;
    const what = 'was kept from an earlier day, and the chain does not lead through it';
    report({ reason: 'chain_broken', eventSeq: first, checkpointId: id, what });
  }
};
