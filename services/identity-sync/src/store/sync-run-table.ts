import type { Database, Tx } from '@scaivault/db';
import { newId, type PartnerId, type ScopeId, type TenantId } from '@scaivault/tenancy';
import { mostListed } from '../domain/page-window.ts';
import { platformScope, type Sight, sightScope } from '../domain/sight.ts';
import type { SyncProgress } from '../domain/sync-progress.ts';
import type { SyncRun, SyncRuns } from '../ports.ts';
import { countUpTo } from './count-up-to.ts';
import { runLeaseSeconds } from './hold-run.ts';
import { window } from './people-lists.ts';

const columns = (tx: Tx) => tx`
  id, status, partner_id as "partnerId", tenant_id as "tenantId", trigger, started_at as "startedAtMicros",
  completed_at as "completedAtMicros", created, updated, removed, error`;

const insert = async (
  tx: Tx,
  range: Sight,
  trigger: SyncRun['trigger'],
  nowMicros: number,
): Promise<SyncRun | undefined> => {
  const [row] = await tx<SyncRun[]>`
    insert into sync_run (id, scope_id, partner_id, tenant_id, trigger, started_at)
    values (${newId('sync')}, ${sightScope(range)}, ${range.kind === 'everything' ? null : range.partnerId},
      ${range.kind === 'tenant' ? range.tenantId : null}, ${trigger}, ${nowMicros})
    on conflict (scope_id) where status = 'running' do nothing
    returning ${columns(tx)}`;
  return row;
};

const running = async (tx: Tx, range: Sight): Promise<SyncRun | undefined> => {
  const [row] = await tx<SyncRun[]>`
    select ${columns(tx)} from sync_run where scope_id = ${sightScope(range)} and status = 'running'`;
  return row;
};

interface ClaimedRow extends SyncProgress {
  readonly id: string;
  readonly fence: number;
  readonly partnerId: PartnerId | null;
  readonly tenantId: TenantId | null;
}

const rangeOf = ({ partnerId, tenantId }: ClaimedRow): Sight => {
  if (partnerId === null) return { kind: 'everything' };
  return tenantId === null ? { kind: 'partner', partnerId } : { kind: 'tenant', tenantId, partnerId };
};

const progressColumns = (progress: SyncProgress) => ({
  step: progress.step,
  page: progress.page,
  total: progress.total,
  is_whole: progress.isWhole,
  listing_at: progress.listingAtMicros,
  partners_listed_at: progress.partnersListedAtMicros,
  tenants_listed_at: progress.tenantsListedAtMicros,
  users_listed_at: progress.usersListedAtMicros,
  groups_listed_at: progress.groupsListedAtMicros,
  after_scope: progress.afterScope,
  after_id: progress.afterId,
  created: progress.created,
  updated: progress.updated,
  removed: progress.removed,
  error: progress.error,
});

/** The table `sync_run`; written in the scope of the platform, whatever the range. */
export const createSyncRunTable = (db: Pick<Database, 'withScope'>): SyncRuns => {
  const onPlatform = <Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> => db.withScope(platformScope, work);
  return {
    start: (range, nowMicros, once) =>
      onPlatform(async (tx) => {
        // A run that ends between the two statements leaves room for the second try.
        const run =
          (await insert(tx, range, 'manual', nowMicros)) ??
          (await running(tx, range)) ??
          (await insert(tx, range, 'manual', nowMicros));
        if (run === undefined) throw new Error('A sync can neither be begun nor found.');
        await once?.commit(tx);
        return run;
      }),

    startIfDue: ({ everyMicros, retryMicros, nowMicros }) =>
      onPlatform(async (tx) => {
        await tx`select pg_advisory_xact_lock(hashtext('scaivault.identity.sync'))`;
        const [recent] = await tx`
          select 1 from sync_run
          where scope_id = ${platformScope} and id >= (
              select coalesce(min(id), '') from (
                select id from sync_run where scope_id = ${platformScope} order by id desc limit 16) latest)
            and (status = 'running'
              or (status = 'completed' and started_at > ${nowMicros - everyMicros}::timestamptz)
              or (status = 'failed' and completed_at > ${nowMicros - retryMicros}::timestamptz))
          limit 1`;
        if (recent === undefined) await insert(tx, { kind: 'everything' }, 'schedule', nowMicros);
      }),

    list: (sight, page) => {
      const scopeId: ScopeId = sightScope(sight);
      return db.withScope(scopeId, async (tx) => {
        const seen =
          sight.kind === 'everything'
            ? tx``
            : sight.kind === 'partner'
              ? tx`where partner_id = ${sight.partnerId}`
              : tx`where scope_id = ${scopeId}`;
        const items = await tx<SyncRun[]>`
          select ${columns(tx)} from sync_run ${seen} order by id desc ${window(tx, page)}`;
        return { items, total: await countUpTo(tx, mostListed, tx`select 1 from sync_run ${seen}`) };
      });
    },

    claim: () =>
      onPlatform(async (tx) => {
        const [row] = await tx<ClaimedRow[]>`
          update sync_run set fence = fence + 1, held_until = now() + make_interval(secs => ${runLeaseSeconds})
          where id = (
            select id from sync_run where status = 'running' and held_until <= now()
            order by id limit 1 for update skip locked)
          returning id, fence, partner_id as "partnerId", tenant_id as "tenantId", step, page, total,
            is_whole as "isWhole", listing_at as "listingAtMicros", partners_listed_at as "partnersListedAtMicros",
            tenants_listed_at as "tenantsListedAtMicros", users_listed_at as "usersListedAtMicros",
            groups_listed_at as "groupsListedAtMicros", after_scope as "afterScope", after_id as "afterId", created,
            updated, removed, error`;
        if (row === undefined) return undefined;
        const { id, fence, partnerId: _partner, tenantId: _tenant, ...progress } = row;
        return { run: { id, fence, range: rangeOf(row) }, progress };
      }),

    save: ({ id, fence }, progress) =>
      onPlatform(async (tx) => {
        const { count } = await tx`
          update sync_run set ${tx(progressColumns(progress))},
            held_until = now() + make_interval(secs => ${runLeaseSeconds})
          where id = ${id} and fence = ${fence} and status = 'running'`;
        return count === 1;
      }),

    finish: ({ id, fence }, progress, nowMicros) =>
      onPlatform(async (tx) => {
        const status = progress.error === null ? 'completed' : 'failed';
        const row = { ...progressColumns(progress), status, completed_at: nowMicros };
        const { count } = await tx`
          update sync_run set ${tx(row)} where id = ${id} and fence = ${fence} and status = 'running'`;
        return count === 1;
      }),

    release: ({ id, fence }) =>
      onPlatform(async (tx) => {
        await tx`update sync_run set held_until = '-infinity' where id = ${id} and fence = ${fence}`;
      }),

    forget: (endedBeforeMicros, most) =>
      onPlatform(async (tx) => {
        const { count } = await tx`
          delete from sync_run where id in (
            select id from sync_run
            where status <> 'running' and completed_at < ${endedBeforeMicros}::timestamptz
            order by id limit ${most})`;
        return count;
      }),
  };
};
