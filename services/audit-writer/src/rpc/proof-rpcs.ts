import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  AuditKeySetSchema,
  type AuditService,
  ListCheckpointsResponseSchema,
  VerificationFailureSchema,
  VerifyCheckpointsResponseSchema,
} from '@scaivault/contracts/audit/v1/audit';
import { callerOf, noteForAudit } from '@scaivault/pipeline';
import type { createListCheckpoints } from '../app/seal/list-checkpoints.ts';
import type { createProveRecord } from '../app/seal/prove-record.ts';
import type { createReadCheckpoint } from '../app/seal/read-checkpoint.ts';
import type { createVerifyCheckpoints } from '../app/seal/verify-checkpoints.ts';
import type { SigningKeyStore } from '../ports.ts';
import { decodeWindow } from './decode-window.ts';
import { encodeCheckpoint, encodeKey, encodeProof } from './encode-checkpoint.ts';

export interface ProofUseCases {
  readonly listCheckpoints: ReturnType<typeof createListCheckpoints>;
  readonly readCheckpoint: ReturnType<typeof createReadCheckpoint>;
  readonly proveRecord: ReturnType<typeof createProveRecord>;
  readonly verifyCheckpoints: ReturnType<typeof createVerifyCheckpoints>;
  readonly listKeys: SigningKeyStore['list'];
}

type ProofRpcs = Pick<
  ServiceImpl<typeof AuditService>,
  'listCheckpoints' | 'readCheckpoint' | 'proveRecord' | 'verifyCheckpoints' | 'listAuditKeys'
>;

/** The proof of the trail over the wire (rest-api-core 7.2). */
export const createProofRpcs = (proof: ProofUseCases): ProofRpcs => ({
  listCheckpoints: async (request, context) => {
    const asked = { window: decodeWindow(request), limit: request.limit, cursor: request.cursor };
    const { checkpoints, cursor } = await proof.listCheckpoints(callerOf(context), asked);
    return create(ListCheckpointsResponseSchema, {
      checkpoints: checkpoints.map((checkpoint) => encodeCheckpoint(checkpoint)),
      hasMore: cursor !== undefined,
      ...(cursor === undefined ? {} : { cursor }),
    });
  },

  readCheckpoint: async ({ checkpointId }, context) => {
    const { checkpoint, leafHashes } = await proof.readCheckpoint(callerOf(context), checkpointId);
    return encodeCheckpoint(checkpoint, leafHashes);
  },

  proveRecord: async ({ logId }, context) => {
    const caller = callerOf(context);
    return encodeProof(caller.tenantId, await proof.proveRecord(caller, logId));
  },

  verifyCheckpoints: async (request, context) => {
    const found = await proof.verifyCheckpoints(callerOf(context), decodeWindow(request));
    const { checkedCheckpoints, checkedRecords, firstFailure } = found;
    noteForAudit(context, { valid: firstFailure === undefined });
    const failure =
      firstFailure === undefined
        ? undefined
        : create(VerificationFailureSchema, {
            eventSeq: BigInt(firstFailure.eventSeq),
            reason: firstFailure.reason,
            ...(firstFailure.checkpointId === undefined ? {} : { checkpointId: firstFailure.checkpointId }),
          });
    return create(VerifyCheckpointsResponseSchema, {
      valid: failure === undefined,
      checkedCheckpoints: BigInt(checkedCheckpoints),
      checkedRecords: BigInt(checkedRecords),
      ...(failure === undefined ? {} : { firstFailure: failure }),
    });
  },

  listAuditKeys: async () => create(AuditKeySetSchema, { keys: (await proof.listKeys()).map(encodeKey) }),
});
