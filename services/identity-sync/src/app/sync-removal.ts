import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import { type SyncProgress, withTrouble } from '../domain/sync-progress.ts';
import type { HeldRun, Mirror, UnseenPlace } from '../ports.ts';
import type { Keep, SyncWork } from './sync-listing.ts';

const atOnce = 100;
/** More than this many and more than this part of all, at once, is rather an error of the list than the truth. */
const suspiciousCount = 10;
const suspiciousPart = 0.2;

const isSuspicious = (missing: number, living: number): boolean =>
  missing > suspiciousCount && missing > living * suspiciousPart;

/** Those that ScaiKey, asked for each by its id, has not got either. */
const confirmGone = async (
  { scaiKey }: SyncWork,
  place: UnseenPlace,
  ids: readonly string[],
  keepHeld: () => Promise<void>,
): Promise<string[]> => {
  const gone: string[] = [];
  for (const id of ids) {
    await keepHeld();
    const row = await scaiKey.find(place.kind, id);
    if (row === undefined || row.status === 'DELETED') gone.push(id);
  }
  return gone;
};

/**
 * Soft-deletes what a whole listing lacks (rest-api-dynamic-ops 6). Each is asked for by its id before, and a list that
 * lacks suspiciously much removes nothing. What was written since the listing began is newer than the listing and stays.
 */
export const syncRemoval = (work: SyncWork & { readonly scopesBelow: Mirror['scopesBelow'] }) => {
  const { mirror, publish, nowMicros, scopesBelow } = work;

  const scopesOf = async (place: UnseenPlace, gone: readonly string[]): Promise<readonly ScopeId[]> => {
    if (place.kind === 'users' || place.kind === 'groups') return [`t:${place.tenantId}` as ScopeId];
    if (place.kind === 'tenants') return gone.map((id) => `t:${id}` as ScopeId);
    return (await Promise.all(gone.map((id) => scopesBelow(id as PartnerId)))).flat();
  };

  const removeAt = async (
    run: HeldRun,
    place: UnseenPlace,
    listedAtMicros: number | null,
    from: SyncProgress,
    keep: Keep,
  ): Promise<SyncProgress> => {
    if (listedAtMicros === null) return from;
    let progress = from;
    for (;;) {
      const { ids, missing, living } = await mirror.unseen(place, listedAtMicros, atOnce);
      if (isSuspicious(missing, living)) return withTrouble(progress, `too_many_missing: ${place.kind}`);
      const readAtMicros = nowMicros();
      const gone = await confirmGone(work, place, ids, () => keep(progress));
      const at = { listedAtMicros, readAtMicros, nowMicros: nowMicros() };
      if (gone.length > 0) {
        const removed = await mirror.removeUnseen(run, place, gone, at);
        progress = { ...progress, removed: progress.removed + removed };
        await publish(await scopesOf(place, gone));
      }
      // What is there after all stays unseen, and would be asked for again and again.
      if (gone.length < atOnce) return progress;
    }
  };

  return async (run: HeldRun, from: SyncProgress, keep: Keep): Promise<SyncProgress> => {
    let progress = from;
    const { range } = run;
    if (range.kind === 'everything') {
      progress = await removeAt(run, { kind: 'partners', range }, progress.partnersListedAtMicros, progress, keep);
    }
    if (range.kind !== 'tenant') {
      progress = await removeAt(run, { kind: 'tenants', range }, progress.tenantsListedAtMicros, progress, keep);
    }
    for (;;) {
      const tenants = await mirror.tenantsAfter(range, progress.afterScope, atOnce);
      for (const tenantId of tenants) {
        progress = await removeAt(run, { kind: 'users', tenantId }, progress.usersListedAtMicros, progress, keep);
        progress = await removeAt(run, { kind: 'groups', tenantId }, progress.groupsListedAtMicros, progress, keep);
        progress = { ...progress, afterScope: `t:${tenantId}` };
        await keep(progress);
      }
      if (tenants.length < atOnce) return progress;
    }
  };
};
