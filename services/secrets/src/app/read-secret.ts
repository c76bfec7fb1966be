import type { Caller, Target } from '@scaivault/pipeline';
import { isNamedBy } from '../domain/entity-tag.ts';
import { secretExpired, versionNotFound } from '../domain/refusals.ts';
import type { SecretCipher, SecretStore, StoredSecret, StoredValue } from '../ports.ts';
import type { Clock } from './clock.ts';
import { requireLiving } from './require-living.ts';

export interface ReadRequest {
  readonly version: number | undefined;
  readonly ifNoneMatch: string | undefined;
}

export interface ReadResult {
  readonly secret: StoredSecret;
  readonly value: StoredValue;
  /** Undefined: the caller has this version already. */
  readonly data: Uint8Array | undefined;
}

/** Reads the current version or the one named, by the states of rest-api-core 4.1. */
export const createReadSecret =
  ({
    store,
    cipher,
    clock,
  }: {
    readonly store: Pick<SecretStore, 'read'>;
    readonly cipher: Pick<SecretCipher, 'open'>;
    readonly clock: Clock;
  }) =>
  async (caller: Pick<Caller, 'judge'>, target: Target, request: ReadRequest): Promise<ReadResult> => {
    const { scope, path } = target;
    const stored = await store.read(scope, path, request.version);
    const now = clock();
    const secret = requireLiving(caller, target, stored, now);
    const { value } = secret;
    if (value === undefined) throw versionNotFound(path, request.version ?? secret.currentVersion);
    const { version, expiresAtMicros } = value;
    if (expiresAtMicros !== null && now >= expiresAtMicros) throw secretExpired(path, version, expiresAtMicros);
    if (request.ifNoneMatch !== undefined && isNamedBy(request.ifNoneMatch, version)) {
      return { secret, value, data: undefined };
    }
    return { secret, value, data: await cipher.open(scope, path, version, value.sealed) };
  };

export type ReadSecret = ReturnType<typeof createReadSecret>;
