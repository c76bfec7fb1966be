import { isLastPage, isWholePage } from '../domain/list-page.ts';
import { type Listed, readListed } from '../domain/read-listed.ts';
import type { Sight } from '../domain/sight.ts';
import { type ListedKind, type SyncProgress, withTrouble } from '../domain/sync-progress.ts';
import type { Clock, HeldRun, Publish, ScaiKeyLists, SyncMirror } from '../ports.ts';

/** What every step of a sync works with. */
export interface SyncWork {
  readonly scaiKey: ScaiKeyLists;
  readonly mirror: SyncMirror;
  readonly publish: Publish;
  readonly nowMicros: Clock;
}

/** Keeps what is done, so that another process can go on from there. */
export type Keep = (progress: SyncProgress) => Promise<void>;

/** Rows of another tenant or partner than asked for are not taken from a list. */
const isInRange = ({ change }: Listed, range: Sight): boolean => {
  if (range.kind === 'everything') return true;
  if (change.kind === 'partner') return change.partnerId === range.partnerId;
  return range.kind === 'partner' || change.tenantId === range.tenantId;
};

/** Where an empty list cannot be the truth: somebody is there, or we could not ask. */
const mayBeEmpty = (kind: ListedKind, range: Sight): boolean => kind === 'groups' || range.kind === 'tenant';

const completed = (progress: SyncProgress, kind: ListedKind): SyncProgress => {
  const at = progress.listingAtMicros;
  switch (kind) {
    case 'partners':
      return { ...progress, partnersListedAtMicros: at };
    case 'tenants':
      return { ...progress, tenantsListedAtMicros: at };
    case 'users':
      return { ...progress, usersListedAtMicros: at };
    case 'groups':
      return { ...progress, groupsListedAtMicros: at };
  }
};

const judge = (progress: SyncProgress, kind: ListedKind, range: Sight): SyncProgress => {
  if (!progress.isWhole) return withTrouble(progress, `incomplete_listing: ${kind}`);
  if (progress.total !== 0) return completed(progress, kind);
  // An empty list removes nothing, whatever it may mean.
  return mayBeEmpty(kind, range) ? progress : withTrouble(progress, `empty_listing: ${kind}`);
};

/**
 * Takes all pages of one list into the mirror, row by row like events (rest-api-dynamic-ops 6). Only a list that was whole
 * from its first page to its last may remove anything later.
 */
export const syncListing =
  ({ scaiKey, mirror, publish, nowMicros }: SyncWork) =>
  async (run: HeldRun, kind: ListedKind, from: SyncProgress, keep: Keep): Promise<SyncProgress> => {
    let progress = from;
    for (;;) {
      const { page } = progress;
      const listingAtMicros = progress.listingAtMicros ?? nowMicros();
      const answer = await scaiKey.list(kind, run.range, page);
      const now = nowMicros();
      const rows = answer.items.map((item) => readListed(kind, item, { ...answer, nowMicros: now }));
      const usable = rows.filter((row): row is Listed => row !== undefined && isInRange(row, run.range));
      const { created, updated, changedScopes } = await mirror.put(run, usable, now);
      await publish(changedScopes);
      progress = {
        ...progress,
        listingAtMicros,
        page: page + 1,
        total: progress.total ?? answer.total,
        isWhole: progress.isWhole && usable.length === rows.length && isWholePage(answer, page, progress.total),
        created: progress.created + created,
        updated: progress.updated + updated,
      };
      if (isLastPage(answer, page)) return judge(progress, kind, run.range);
      await keep(progress);
    }
  };
