import { create } from '@bufbuild/protobuf';
import {
  type AuditCheckpoint,
  AuditCheckpointSchema,
  type AuditKey,
  AuditKeySchema,
  type RecordProof as ProofMessage,
  ProofStepSchema,
  RecordProofSchema,
} from '@scaivault/contracts/audit/v1/audit';
import { timestampOf } from '@scaivault/runtime';
import type { RecordProof } from '../app/seal/prove-record.ts';
import type { Checkpoint } from '../domain/seal/checkpoint.ts';
import type { PublicSigningKey } from '../ports.ts';
import { encodeLog } from './encode-log.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex');

export const encodeCheckpoint = (checkpoint: Checkpoint, leafHashes?: readonly Buffer[]): AuditCheckpoint =>
  create(AuditCheckpointSchema, {
    id: checkpoint.id,
    firstEventSeq: BigInt(checkpoint.firstEventSeq),
    lastEventSeq: BigInt(checkpoint.lastEventSeq),
    recordCount: checkpoint.recordCount,
    rootHash: hex(checkpoint.rootHash),
    prevHash: hex(checkpoint.prevHash),
    headHash: hex(checkpoint.headHash),
    sealedAt: timestampOf(checkpoint.sealedAtMicros),
    algorithm: 'Ed25519',
    keyId: checkpoint.keyId,
    signature: checkpoint.signature.toString('base64url'),
    ...(leafHashes === undefined ? {} : { leafHashes: hex(Buffer.concat(leafHashes)) }),
  });

export const encodeProof = (tenantId: string, { row, leafHash, path, checkpoint }: RecordProof): ProofMessage =>
  create(RecordProofSchema, {
    log: encodeLog(tenantId, row),
    leafHash: hex(leafHash),
    auditPath: path.map(({ side, hash }) => create(ProofStepSchema, { side, hash: hex(hash) })),
    checkpoint: encodeCheckpoint(checkpoint),
  });

/** RFC 8037, section 2. */
export const encodeKey = ({ keyId, publicKey, createdAtMicros, retiredAtMicros }: PublicSigningKey): AuditKey =>
  create(AuditKeySchema, {
    kty: 'OKP',
    crv: 'Ed25519',
    x: publicKey.toString('base64url'),
    kid: keyId,
    use: 'sig',
    alg: 'EdDSA',
    createdAt: timestampOf(createdAtMicros),
    ...(retiredAtMicros === null ? {} : { retiredAt: timestampOf(retiredAtMicros) }),
  });
