import type { Caller, Target } from '@scaivault/pipeline';
import { parseDuration } from '@scaivault/tenancy';
import { parseIfMatch } from '../domain/entity-tag.ts';
import { parseNoticeTimes } from '../domain/notice-times.ts';
import { revisionConflict } from '../domain/refusals.ts';
import { metadataChanged } from '../domain/secret-events.ts';
import { mergeMetadata } from '../domain/secret-metadata.ts';
import type { DescribedSecret, SecretStore } from '../ports.ts';
import type { AttachPolicies, PolicyChoice } from './attach-policies.ts';
import type { Clock } from './clock.ts';
import { originOf } from './origin-of.ts';
import { requireLiving } from './require-living.ts';

export interface UpdateMetadataRequest extends PolicyChoice {
  readonly metadata: Uint8Array | undefined;
  readonly secretType: string | undefined;
  readonly maxVersions: number | undefined;
  readonly expiresIn: string | undefined;
  readonly notifyBefore: Uint8Array | undefined;
  readonly ifMatch: string | undefined;
}

/** The end of the current version by what was asked: undefined keeps it, null takes it away. */
const newExpiry = ({ expiresIn, nulls }: UpdateMetadataRequest, nowMicros: number): number | null | undefined => {
  if (nulls.includes('expires_in')) return null;
  if (expiresIn === undefined) return undefined;
  return nowMicros + parseDuration(expiresIn, { field: 'options.expires_in' }).seconds * 1_000_000;
};

/** Changes metadata and settings of a secret without a new version (rest-api-core 4.3, `:metadata` PATCH). */
export const createUpdateMetadata =
  ({
    store,
    attachPolicies,
    clock,
  }: {
    readonly store: Pick<SecretStore, 'hold'>;
    readonly attachPolicies: AttachPolicies;
    readonly clock: Clock;
  }) =>
  async (
    caller: Pick<Caller, 'judge' | 'identityId' | 'request' | 'scope' | 'objectScope' | 'partnerId'>,
    target: Target,
    request: UpdateMetadataRequest,
  ): Promise<DescribedSecret> => {
    const { scope, path } = target;
    const expected = request.ifMatch === undefined ? '*' : parseIfMatch(request.ifMatch, 'revision');
    const notifyBefore = request.notifyBefore === undefined ? undefined : parseNoticeTimes(request.notifyBefore);
    const { secretPolicy } = await attachPolicies(caller, request);
    return await store.hold(scope, path, async (held) => {
      const now = clock();
      const present = requireLiving(caller, target, held?.facts, now);
      if (held === undefined) throw new Error('A living secret is not held.');
      if (expected !== '*' && expected !== present.metadataRevision)
        throw revisionConflict(path, present.metadataRevision);
      const facts = await held.change(
        {
          secretType: request.secretType,
          metadata: request.metadata === undefined ? undefined : mergeMetadata(present.metadata, request.metadata),
          maxVersions: request.maxVersions,
          notifyBefore,
          secretPolicy,
          expiresAtMicros: newExpiry(request, now),
        },
        now,
      );
      held.tell([metadataChanged(originOf(caller, now), present, facts)]);
      return { facts, versionCount: (await held.keptVersions()).length };
    });
  };

export type UpdateMetadata = ReturnType<typeof createUpdateMetadata>;
