import type { Caller, Target } from '@scaivault/pipeline';
import { isNamedBy, versionTag } from '../domain/entity-tag.ts';
import type { SecretCipher, SecretStore } from '../ports.ts';
import type { AccessRecorder } from './access-recorder.ts';
import type { Clock } from './clock.ts';
import { type ReadableVersion, requireReadable } from './readable-version.ts';
import type { TellAccess } from './tell-access.ts';

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
    tellAccess,
    clock,
  }: {
    readonly store: Pick<SecretStore, 'read'>;
    readonly cipher: Pick<SecretCipher, 'open'>;
    readonly recorder: Pick<AccessRecorder, 'note'>;
    readonly tellAccess: TellAccess;
    readonly clock: Clock;
  }) =>
  async (
    caller: Pick<Caller, 'judge' | 'identityId' | 'identityType' | 'request'>,
    target: Target,
    request: ReadRequest,
  ): Promise<ReadResult> => {
    const { scope, path } = target;
    const stored = await store.read(scope, path, request.version);
    const found = requireReadable(caller, target, stored, request.version, clock());
    const { version, sealed } = found.value;
    const known = request.ifNoneMatch !== undefined && isNamedBy(request.ifNoneMatch, versionTag(version));
    const data = known ? undefined : await cipher.open(scope, path, version, sealed);
    if (!known) await tellAccess(caller, target, found, false);
    recorder.note(scope, path);
    return { ...found, data };
  };

export type ReadSecret = ReturnType<typeof createReadSecret>;
