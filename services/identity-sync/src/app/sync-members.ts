import type { ScopeId, TenantId } from '@scaivault/tenancy';
import { isLastPage, isWholePage } from '../domain/list-page.ts';
import { type ListedMembership, readListedMember } from '../domain/read-listed.ts';
import { type SyncProgress, withTrouble } from '../domain/sync-progress.ts';
import type { GroupPlace, HeldRun } from '../ports.ts';
import type { Keep, SyncWork } from './sync-listing.ts';

const atOnce = 100;

/** What one reading of a group's members came to. */
interface Reading {
  readonly created: number;
  /** False when an answer was short, unusable or contradicted the one before. */
  readonly isWhole: boolean;
  readonly total: number;
  readonly readAtMicros: number;
}

/** Reads the members of one group to the end; undefined when ScaiKey has no such group. */
const readMembers = async (
  { scaiKey, mirror, publish, nowMicros }: SyncWork,
  run: HeldRun,
  place: GroupPlace,
  listingAtMicros: number,
): Promise<Reading | undefined> => {
  let created = 0;
  let isWhole = true;
  let total: number | null = null;
  for (let page = 1; ; page += 1) {
    const answer = await scaiKey.members(place.groupId, page);
    if (answer === undefined) return undefined;
    const rows = answer.items.map(readListedMember);
    const members = rows.filter((row): row is ListedMembership => row !== undefined);
    const { readAtMicros } = answer;
    const put = await mirror.putMembers(run, place, members, { listingAtMicros, readAtMicros, nowMicros: nowMicros() });
    await publish(put.changedScopes);
    created += put.created;
    isWhole &&= members.length === rows.length && isWholePage(answer, page, total);
    total ??= answer.total;
    if (isLastPage(answer, page)) return { created, isWhole, total, readAtMicros };
  }
};

/** A list that lost rows on the way may still agree with itself; the group's own row says how many there are. */
const agrees = async ({ scaiKey }: SyncWork, { groupId }: GroupPlace, { total }: Reading): Promise<boolean> => {
  const group = await scaiKey.find('groups', groupId);
  return group !== undefined && (typeof group.member_count !== 'number' || group.member_count === total);
};

const syncGroup = async (
  work: SyncWork,
  run: HeldRun,
  place: GroupPlace,
  progress: SyncProgress,
): Promise<SyncProgress> => {
  const { mirror, publish, nowMicros } = work;
  const listingAtMicros = nowMicros();
  const first = await readMembers(work, run, place, listingAtMicros);
  // A group that is gone is a matter of the removal.
  if (first === undefined) return progress;
  const counted = { ...progress, created: progress.created + first.created };
  if ((await mirror.countUnseenMembers(place, listingAtMicros)) === 0) return counted;
  // Somebody may have slipped from one page to the other between two answers: gone is who is missing twice.
  const second = await readMembers(work, run, place, listingAtMicros);
  if (second === undefined) return counted;
  if (!first.isWhole || !second.isWhole || !(await agrees(work, place, second))) {
    return withTrouble(counted, 'incomplete_listing: members');
  }
  const { readAtMicros } = second;
  const at = { listingAtMicros, readAtMicros, nowMicros: nowMicros() };
  const removed = await mirror.removeUnseenMembers(run, place, at);
  if (removed > 0) await publish([`t:${place.tenantId}` as ScopeId]);
  return { ...counted, created: counted.created + second.created, removed: counted.removed + removed };
};

/** Compares the members of every living group of the range, group after group. */
export const syncMembers =
  (work: SyncWork) =>
  async (run: HeldRun, from: SyncProgress, keep: Keep): Promise<SyncProgress> => {
    let progress = from;
    const ofTenant = async (tenantId: TenantId): Promise<void> => {
      for (;;) {
        const groups = await work.mirror.groupsAfter(tenantId, progress.afterId, atOnce);
        for (const groupId of groups) {
          progress = { ...(await syncGroup(work, run, { tenantId, groupId }, progress)), afterId: groupId };
          await keep(progress);
        }
        if (groups.length < atOnce) return;
      }
    };
    for (;;) {
      const tenants = await work.mirror.tenantsAfter(run.range, progress.afterScope, atOnce);
      for (const tenantId of tenants) {
        await ofTenant(tenantId);
        progress = { ...progress, afterScope: `t:${tenantId}`, afterId: '' };
        await keep(progress);
      }
      if (tenants.length < atOnce) return progress;
    }
  };
