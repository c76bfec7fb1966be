import type { KeyObject } from 'node:crypto';
import canonicalize from 'canonicalize';
import { checkChain } from './check-chain.ts';
import type { Report } from './finding.ts';
import { InputError, isObject, numberOf, readCheckpoint } from './input.ts';
import { hashLeaf, hashPair } from './tree-hash.ts';

/** An answer of `GET /v1/audit/logs/{id}:proof`: the record leads up to the root, and the checkpoint is signed. */
export const checkProof = (proof: unknown, keys: ReadonlyMap<string, KeyObject>, report: Report): void => {
  if (!isObject(proof) || !Array.isArray(proof.audit_path)) throw new InputError('the proof has no audit_path');
  const checkpoint = readCheckpoint(proof.checkpoint);
  const eventSeq = numberOf(proof.log);
  let hash = hashLeaf(canonicalize(proof.log) ?? '');
  for (const step of proof.audit_path) {
    if (!isObject(step) || typeof step.hash !== 'string') throw new InputError('a step of the audit_path has no hash');
    const beside = Buffer.from(step.hash, 'hex');
    hash = step.side === 'left' ? hashPair(beside, hash) : hashPair(hash, beside);
  }
  if (!hash.equals(checkpoint.root) || eventSeq < checkpoint.first || eventSeq > checkpoint.last) {
    report({ reason: 'record_changed', eventSeq, checkpointId: checkpoint.id, what: 'does not lead to the root' });
  }
  checkChain([checkpoint], keys, [], report);
};
