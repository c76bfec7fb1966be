import type { Caller, Target } from '@scaivault/pipeline';
import { isNamedBy, versionTag } from '../domain/entity-tag.ts';
import type { SecretCipher, SecretStore } from '../ports.ts';
import type { AccessRecorder } from './access-recorder.ts';
import type { Clock } from './clock.ts';
import { type ReadableVersion, requireReadable } from './readable-version.ts';

export interface ReadRequest {
  readonly version: number | undefined;
  readonly ifNoneMatch: string | undefined;
}

export interface ReadResult extends ReadableVersion {
  /** Undefined: the caller has this version already. */
  readonly data: Uint8Array | undefined;
}

/** Reads the current version or the one named (rest-api-core 4.3). */
export const createReadSecret =
  ({
    store,
    cipher,
    recorder,
    clock,
  }: {
    readonly store: Pick<SecretStore, 'read'>;
    readonly cipher: Pick<SecretCipher, 'open'>;
    readonly recorder: Pick<AccessRecorder, 'note'>;
    readonly clock: Clock;
  }) =>
  async (caller: Pick<Caller, 'judge'>, target: Target, request: ReadRequest): Promise<ReadResult> => {
    const { scope, path } = target;
    const stored = await store.read(scope, path, request.version);
    const found = requireReadable(caller, target, stored, request.version, clock());
    const { version, sealed } = found.value;
    const known = request.ifNoneMatch !== undefined && isNamedBy(request.ifNoneMatch, versionTag(version));
    const data = known ? undefined : await cipher.open(scope, path, version, sealed);
    recorder.note(scope, path);
    return { ...found, data };
  };

export type ReadSecret = ReturnType<typeof createReadSecret>;
