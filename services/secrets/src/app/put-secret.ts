import type { Caller, Once, Target } from '@scaivault/pipeline';
import { parseDuration, type SecretPath, scopeId } from '@scaivault/tenancy';
import { parseNoticeTimes } from '../domain/notice-times.ts';
import { type PreconditionStatements, readPrecondition, requirePrecondition } from '../domain/precondition.ts';
import { presenceOf } from '../domain/recovery.ts';
import { deletedSecretExists } from '../domain/refusals.ts';
import type { SecretFacts } from '../domain/secret.ts';
import { checkSecretData } from '../domain/secret-data.ts';
import { versionWritten } from '../domain/secret-events.ts';
import { parseMetadata } from '../domain/secret-metadata.ts';
import type { AttachPolicies, PolicyChoice } from './attach-policies.ts';
import type { GenerateValue } from './generate-value.ts';
import { originOf } from './origin-of.ts';
import type { WriteVersion } from './write-version.ts';

export interface PutRequest extends PreconditionStatements, PolicyChoice {
  readonly data: Uint8Array | undefined;
  /** Secret policy that makes the value in the place of `data`. */
  readonly generateFrom: string | undefined;
  readonly secretType: string | undefined;
  readonly metadata: Uint8Array | undefined;
  readonly maxVersions: number | undefined;
  readonly expiresIn: string | undefined;
  readonly notifyBefore: Uint8Array | undefined;
}

export interface PutResult {
  readonly facts: SecretFacts;
  /** True for the first version. */
  readonly created: boolean;
}

/** The version that a write comes behind, 0 for none; 409 `secret_exists` while a deleted secret is kept there. */
const requireWritable = (path: SecretPath, head: SecretFacts | undefined, nowMicros: number): number => {
  if (head === undefined) return 0;
  const { deletedAtMicros, currentVersion } = head;
  if (deletedAtMicros === null) return currentVersion;
  if (presenceOf(deletedAtMicros, nowMicros) === 'deleted') throw deletedSecretExists(path, deletedAtMicros);
  return 0;
};

/** Writes a new version; the first one makes the secret (rest-api-core 4.3). */
export const createPutSecret =
  ({
    writeVersion,
    attachPolicies,
    generateValue,
    maxDataBytes,
  }: {
    readonly writeVersion: WriteVersion;
    readonly attachPolicies: AttachPolicies;
    readonly generateValue: GenerateValue;
    readonly maxDataBytes: number;
  }) =>
  async (
    caller: Pick<Caller, 'identityId' | 'request' | 'scope' | 'objectScope' | 'partnerId'>,
    target: Target,
    request: PutRequest,
    once?: Once,
  ): Promise<PutResult> => {
    const metadata = request.metadata === undefined ? undefined : parseMetadata(request.metadata);
    const notifyBefore = request.notifyBefore === undefined ? undefined : parseNoticeTimes(request.notifyBefore);
    const lifetimeSeconds =
      request.expiresIn === undefined
        ? undefined
        : parseDuration(request.expiresIn, { field: 'options.expires_in' }).seconds;
    const precondition = readPrecondition(request);
    const { secretPolicy } = await attachPolicies(caller, request);
    const given =
      request.generateFrom === undefined
        ? request.data
        : await generateValue(scopeId(caller.scope), request.generateFrom);
    const data = checkSecretData(given, maxDataBytes);

    const { facts, planned } = await writeVersion(
      target,
      data,
      (head, now) => {
        const behind = requireWritable(target.path, head, now);
        requirePrecondition(precondition, target.path, behind);
        return {
          behind,
          secretType: request.secretType,
          metadata,
          maxVersions: request.maxVersions,
          notifyBefore,
          secretPolicy,
          createdBy: caller.identityId,
          expiresAtMicros: lifetimeSeconds === undefined ? null : now + lifetimeSeconds * 1_000_000,
          events: versionWritten(originOf(caller, now), behind),
        };
      },
      once,
    );
    return { facts, created: planned.behind === 0 };
  };

export type PutSecret = ReturnType<typeof createPutSecret>;
