import { VaultError } from '@scaivault/errors';
import type { Caller, Target } from '@scaivault/pipeline';
import { parseDuration, type SecretPath, scopeId } from '@scaivault/tenancy';
import { type PreconditionStatements, readPrecondition, requirePrecondition } from '../domain/precondition.ts';
import { presenceOf, recoverableForMicros } from '../domain/recovery.ts';
import { deletedSecretExists } from '../domain/refusals.ts';
import type { SecretFacts } from '../domain/secret.ts';
import { checkSecretData } from '../domain/secret-data.ts';
import { parseMetadata } from '../domain/secret-metadata.ts';
import type { SecretCipher, SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';
import type { InTurn } from './turns.ts';

export interface PutRequest extends PreconditionStatements {
  readonly data: Uint8Array | undefined;
  readonly secretType: string | undefined;
  readonly metadata: Uint8Array | undefined;
  readonly maxVersions: number | undefined;
  readonly expiresIn: string | undefined;
}

export interface PutResult {
  readonly facts: SecretFacts;
  /** True for the first version. */
  readonly created: boolean;
}

/** Every lost try is a write of somebody else that got through; only other processes can win against us (see below). */
const mostTries = 100;

const tooBusy = (): VaultError =>
  new VaultError('service_unavailable', 'Too many writers change this secret at once.', { retryAfterSeconds: 1 });

/** The version that a write comes behind, 0 for none; 409 `secret_exists` while a deleted secret is kept there. */
const requireWritable = (path: SecretPath, head: SecretFacts | undefined, nowMicros: number): number => {
  if (head === undefined) return 0;
  const { deletedAtMicros, currentVersion } = head;
  if (deletedAtMicros === null) return currentVersion;
  if (presenceOf(deletedAtMicros, nowMicros) === 'deleted') throw deletedSecretExists(path, deletedAtMicros);
  return 0;
};

/**
 * Writes a new version; the first one makes the secret (rest-api-core 4.3).
 *
 * The ciphertext is bound to its version number, and sealing may wait for the KMS, so it cannot happen under a lock.
 * Hence: look which version is current, seal for the next one, and add it only if that is still so; else once more.
 * Writers of one process and path take turns, so that they never lose against each other: with 200 of them at once each
 * seals once.
 */
export const createPutSecret =
  ({
    store,
    cipher,
    clock,
    inTurn,
    maxDataBytes,
  }: {
    readonly store: Pick<SecretStore, 'head' | 'append'>;
    readonly cipher: Pick<SecretCipher, 'seal'>;
    readonly clock: Clock;
    readonly inTurn: InTurn;
    readonly maxDataBytes: number;
  }) =>
  async (caller: Pick<Caller, 'identityId'>, target: Target, request: PutRequest): Promise<PutResult> => {
    const { scope, path } = target;
    const data = checkSecretData(request.data, maxDataBytes);
    const metadata = request.metadata === undefined ? undefined : parseMetadata(request.metadata);
    const lifetimeSeconds =
      request.expiresIn === undefined
        ? undefined
        : parseDuration(request.expiresIn, { field: 'options.expires_in' }).seconds;
    const precondition = readPrecondition(request);

    const tryOnce = async (): Promise<PutResult | undefined> => {
      const head = await store.head(scope, path);
      const now = clock();
      const currentVersion = requireWritable(path, head, now);
      requirePrecondition(precondition, path, currentVersion);

      const version = currentVersion + 1;
      const facts = await store.append(
        scope,
        path,
        {
          version,
          secretType: request.secretType,
          metadata,
          maxVersions: request.maxVersions,
          sealed: await cipher.seal(scope, path, version, data),
          createdBy: caller.identityId,
          createdAtMicros: now,
          expiresAtMicros: lifetimeSeconds === undefined ? null : now + lifetimeSeconds * 1_000_000,
        },
        now - recoverableForMicros,
      );
      return facts === undefined ? undefined : { facts, created: version === 1 };
    };

    return await inTurn(`${scopeId(scope)} ${path}`, async () => {
      for (let tries = 0; tries < mostTries; tries += 1) {
        const result = await tryOnce();
        if (result !== undefined) return result;
      }
      throw tooBusy();
    });
  };

export type PutSecret = ReturnType<typeof createPutSecret>;
