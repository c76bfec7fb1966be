import { VaultError } from '@scaivault/errors';
import type { Caller, Target } from '@scaivault/pipeline';
import { type CursorCodec, scopeId } from '@scaivault/tenancy';
import type { VersionFacts } from '../domain/secret.ts';
import type { SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';
import { requireLiving } from './require-living.ts';

export interface VersionsRequest {
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface VersionsResult {
  readonly currentVersion: number;
  /** The instant that the states of the versions speak of. */
  readonly nowMicros: number;
  readonly versions: readonly VersionFacts[];
  /** Undefined: these were the last. */
  readonly cursor: string | undefined;
}

const readPosition = (position: unknown): number => {
  if (typeof position === 'number') return position;
  throw new VaultError('invalid_cursor', 'The cursor is not valid for this list. Start again without it.');
};

/** Lists a secret's versions, newest first (rest-api-core 4.3). */
export const createListVersions =
  ({
    store,
    cursors,
    clock,
  }: {
    readonly store: Pick<SecretStore, 'versions'>;
    readonly cursors: CursorCodec;
    readonly clock: Clock;
  }) =>
  async (caller: Pick<Caller, 'judge'>, target: Target, request: VersionsRequest): Promise<VersionsResult> => {
    const { scope, path } = target;
    const { limit } = request;
    const binding = { scopeId: scopeId(scope), route: 'ListVersions', filters: { path } };
    const before = request.cursor === undefined ? undefined : readPosition(cursors.open(binding, request.cursor));
    const found = await store.versions(scope, path, before, limit + 1);
    const nowMicros = clock();
    const { currentVersion } = requireLiving(caller, target, found?.facts, nowMicros);
    const versions = (found?.versions ?? []).slice(0, limit);
    const last = versions.at(-1);
    const hasMore = (found?.versions.length ?? 0) > limit && last !== undefined;
    return { currentVersion, nowMicros, versions, cursor: hasMore ? cursors.seal(binding, last.version) : undefined };
  };

export type ListVersions = ReturnType<typeof createListVersions>;
