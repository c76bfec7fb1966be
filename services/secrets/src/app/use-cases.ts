import type { CursorCodec } from '@scaivault/tenancy';
import type { PathCursors, SecretCipher, SecretPolicyStore, SecretStore } from '../ports.ts';
import type { AccessRecorder } from './access-recorder.ts';
import { createAttachPolicies } from './attach-policies.ts';
import { type BatchMetadata, createBatchMetadata } from './batch-metadata.ts';
import { type BatchRead, createBatchRead } from './batch-read.ts';
import type { Clock } from './clock.ts';
import { createDeleteSecret, type DeleteSecret } from './delete-secret.ts';
import { createDestroyVersions, type DestroyVersions } from './destroy-versions.ts';
import type { GenerateValue } from './generate-value.ts';
import { createListExpiring, type ListExpiring } from './list-expiring.ts';
import { createListSecrets, type ListSecrets } from './list-secrets.ts';
import { createListVersions, type ListVersions } from './list-versions.ts';
import { createPutSecret, type PutSecret } from './put-secret.ts';
import { createReadMetadata, type ReadMetadata } from './read-metadata.ts';
import { createReadSecret, type ReadSecret } from './read-secret.ts';
import { createRestoreSecret, type RestoreSecret } from './restore-secret.ts';
import { createRotateSecret, type RotateSecret } from './rotate-secret.ts';
import type { TellAccess } from './tell-access.ts';
import type { InTurn } from './turns.ts';
import { createUpdateMetadata, type UpdateMetadata } from './update-metadata.ts';
import { createWriteVersion } from './write-version.ts';

/** Everything that can be done with a secret. */
export interface SecretsUseCases {
  readonly readSecret: ReadSecret;
  readonly putSecret: PutSecret;
  readonly deleteSecret: DeleteSecret;
  readonly restoreSecret: RestoreSecret;
  readonly rotateSecret: RotateSecret;
  readonly destroyVersions: DestroyVersions;
  readonly readMetadata: ReadMetadata;
  readonly updateMetadata: UpdateMetadata;
  readonly listVersions: ListVersions;
  readonly listSecrets: ListSecrets;
  readonly listExpiring: ListExpiring;
  readonly batchRead: BatchRead;
  readonly batchMetadata: BatchMetadata;
}

export interface UseCaseParts {
  readonly store: SecretStore;
  readonly policies: Pick<SecretPolicyStore, 'find'>;
  readonly cipher: SecretCipher;
  readonly recorder: Pick<AccessRecorder, 'note'>;
  readonly tellAccess: TellAccess;
  readonly generateValue: GenerateValue;
  readonly versionCursors: CursorCodec;
  readonly pathCursors: PathCursors;
  readonly inTurn: InTurn;
  readonly clock: Clock;
  readonly maxDataBytes: number;
}

/** Puts the use cases together. */
export const createSecretsUseCases = (parts: UseCaseParts): SecretsUseCases => {
  const { store, versionCursors, pathCursors, clock } = parts;
  const writeVersion = createWriteVersion(parts);
  const attachPolicies = createAttachPolicies(parts);
  return {
    readSecret: createReadSecret(parts),
    putSecret: createPutSecret({ ...parts, writeVersion, attachPolicies }),
    deleteSecret: createDeleteSecret(parts),
    restoreSecret: createRestoreSecret(parts),
    rotateSecret: createRotateSecret({ ...parts, writeVersion }),
    destroyVersions: createDestroyVersions(parts),
    readMetadata: createReadMetadata(parts),
    updateMetadata: createUpdateMetadata({ store, attachPolicies, clock }),
    listVersions: createListVersions({ store, clock, cursors: versionCursors }),
    listSecrets: createListSecrets({ store, clock, cursors: pathCursors }),
    listExpiring: createListExpiring({ store, clock, cursors: pathCursors }),
    batchRead: createBatchRead(parts),
    batchMetadata: createBatchMetadata(parts),
  };
};
