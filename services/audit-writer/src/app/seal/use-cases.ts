import { randomUUID } from 'node:crypto';
import type { KeySeal } from '@scaivault/pipeline';
import type { CursorCodec, ScopeId } from '@scaivault/tenancy';
import type { CheckpointStore, Clock, SealerPlace, SigningKeyStore } from '../../ports.ts';
import { createCheckRecords } from './check-records.ts';
import { createListCheckpoints } from './list-checkpoints.ts';
import { createProveRecord } from './prove-record.ts';
import { createReadCheckpoint } from './read-checkpoint.ts';
import { createSealTenant } from './seal-tenant.ts';
import { createSealTurn } from './seal-turn.ts';
import { createSigner, createTrustedKeys } from './signing-keys.ts';
import { createVerifyCheckpoints } from './verify-checkpoints.ts';

/** The proof of the trail: the sealer, and what is asked of its checkpoints. */
export const createProof = ({
  checkpoints,
  place,
  keys,
  seal,
  cursors,
  intervalMs,
  nowMicros,
  alarms,
}: {
  readonly checkpoints: CheckpointStore;
  readonly place: SealerPlace;
  readonly keys: SigningKeyStore;
  readonly seal: KeySeal;
  readonly cursors: CursorCodec;
  /** Longest wait of a record (AUDIT_SEAL_INTERVAL). */
  readonly intervalMs: number;
  readonly nowMicros: Clock;
  readonly alarms: {
    readonly tampering: Parameters<typeof createSealTenant>[0]['onTampering'];
    readonly failure: (scopeId: ScopeId, error: unknown) => void;
  };
}) => {
  const holder = randomUUID();
  let isStopping = false;
  const checkRecords = createCheckRecords({ checkpoints });
  const signer = createSigner({ keys, seal, nowMicros, monotonicMs: () => performance.now() });
  const trustedKey = createTrustedKeys({ keys, seal });
  return {
    useCases: {
      listCheckpoints: createListCheckpoints({ checkpoints, cursors }),
      readCheckpoint: createReadCheckpoint({ checkpoints }),
      proveRecord: createProveRecord({ checkpoints }),
      verifyCheckpoints: createVerifyCheckpoints({ checkpoints, checkRecords, trustedKey, nowMicros }),
      listKeys: () => keys.list(),
    },
    sealTurn: createSealTurn({
      checkpoints,
      place,
      signer,
      sealTenant: createSealTenant({ checkpoints, nowMicros, onTampering: alarms.tampering }),
      intervalMs,
      holder,
      onFailure: alarms.failure,
      isStopping: () => isStopping,
    }),
    /** The key that signs at the moment. */
    signer,
    /** Lets the turn under way end soon; `leave` gives the place to another process once it has ended. */
    stop: () => {
      isStopping = true;
    },
    leave: () => place.leave(holder),
  };
};
