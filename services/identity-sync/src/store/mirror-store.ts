import { type Database, DatabaseError, type Tx } from '@scaivault/db';
import { VaultError } from '@scaivault/errors';
import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import type { Change } from '../domain/change.ts';
import { mergeEntry } from '../domain/entry.ts';
import { mergeGroup } from '../domain/group-entry.ts';
import { mergeIdentity } from '../domain/identity-entry.ts';
import type { IncomingEvent, Mirror, OldRows } from '../ports.ts';
import { changeGroup, ensureGroup } from './group-table.ts';
import { changeIdentity, ensureIdentity } from './identity-table.ts';
import { putMembership } from './membership-table.ts';
import { changePartner } from './partner-table.ts';
import { changeTenant, selectTenantScopes } from './tenant-table.ts';
import { forgetEvents, rememberEvent } from './webhook-event-table.ts';

const partnerScopeId = (partnerId: PartnerId): ScopeId => `p:${partnerId}` as ScopeId;

const scopeOf = (change: Change): ScopeId =>
  change.kind === 'partner' ? partnerScopeId(change.partnerId) : (`t:${change.tenantId}` as ScopeId);

/** True when it was news. Rows are taken in one order (identity, group, membership), so that two events cannot deadlock. */
const applyTo = async (tx: Tx, scopeId: ScopeId, { change, atMicros, nowMicros }: IncomingEvent): Promise<boolean> => {
  switch (change.kind) {
    case 'partner':
      return changePartner(
        tx,
        scopeId,
        change.partnerId,
        (current) => mergeEntry(current, change.facts, atMicros),
        nowMicros,
      );
    case 'tenant':
      return changeTenant(
        tx,
        scopeId,
        change.tenantId,
        (current) => mergeEntry(current, change.facts, atMicros),
        nowMicros,
      );
    case 'identity':
      return changeIdentity(
        tx,
        scopeId,
        change.subjectId,
        (current) => mergeIdentity(current, change.facts, atMicros),
        nowMicros,
      );
    case 'group':
      return changeGroup(
        tx,
        scopeId,
        change.groupId,
        (current) => mergeGroup(current, change.facts, atMicros),
        nowMicros,
      );
    case 'membership':
      return await putMember(tx, scopeId, { ...change, atMicros, nowMicros });
  }
};

const putMember = async (tx: Tx, scopeId: ScopeId, row: Parameters<typeof putMembership>[2]): Promise<boolean> => {
  const [, , isNews] = await Promise.all([
    ensureIdentity(tx, scopeId, row.subjectId, row.nowMicros),
    ensureGroup(tx, scopeId, row.groupId, row.nowMicros),
    putMembership(tx, scopeId, row),
  ]);
  return isNews;
};

/** The sender comes again after a 503; what the database refused for a passing reason then goes through. */
const unavailable = (error: unknown): unknown =>
  error instanceof DatabaseError
    ? new VaultError('service_unavailable', 'The event could not be stored. Send it again.', {
        cause: error,
        retryAfterSeconds: 1,
      })
    : error;

/** The tables behind the webhook. */
export const createMirrorStore = (db: Pick<Database, 'withScope' | 'sql'>): Mirror & OldRows => ({
  apply: async (event) => {
    const scopeId = scopeOf(event.change);
    try {
      return await db.withScope(scopeId, async (tx) => {
        if (!(await rememberEvent(tx, event.eventId, event.nowMicros))) return 'duplicate';
        return (await applyTo(tx, scopeId, event)) ? 'applied' : 'stale';
      });
    } catch (error) {
      throw unavailable(error);
    }
  },

  scopesBelow: (partnerId) => {
    const ownScope = partnerScopeId(partnerId);
    return db.withScope(ownScope, async (tx) => [ownScope, ...(await selectTenantScopes(tx, partnerId))]);
  },

  forgetEvents: (receivedBeforeMicros, most) => forgetEvents(db, receivedBeforeMicros, most),

  removeDeleted: async (deletedBeforeMicros, most) => {
    const [row] = await db.sql<{ removed: number }[]>`
      select sweep_deleted(${deletedBeforeMicros}::timestamptz, ${most}::integer) as removed`;
    return row?.removed ?? 0;
  },
});
