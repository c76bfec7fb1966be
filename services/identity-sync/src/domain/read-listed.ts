import { isVaultError } from '@scaivault/errors';
import { parsePartnerId, parseTenantId, parseTimestamp } from '@scaivault/tenancy';
import type { Change } from './change.ts';
import type { EventData } from './event-data.ts';
import { readChange } from './read-change.ts';
import type { ListedKind } from './sync-progress.ts';

const eventTypes = {
  partners: 'partner.created',
  tenants: 'tenant.created',
  users: 'user.created',
  groups: 'group.created',
} as const satisfies Record<ListedKind, string>;

/** A thing as a list tells of it, and since when it has been so by ScaiKey's clock (microseconds since the epoch). */
export interface Listed {
  readonly change: Change;
  readonly atMicros: number;
}

const idOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** As far as an event's time may be ahead of our clock, that of a row may be too. */
const clockToleranceMicros = 300_000_000;

/**
 * Reads a row of a list as if an event had told of it, so that both come to the same row; undefined for one that cannot be
 * used. `updated_at` is its time: a list that lags behind the events then undoes none of them.
 */
export const readListed = (
  kind: ListedKind,
  item: EventData,
  { readAtMicros, nowMicros }: { readonly readAtMicros: number; readonly nowMicros: number },
): Listed | undefined => {
  const id = idOf(item.id);
  const tenantId = kind === 'tenants' ? id : idOf(item.tenant_id);
  const partnerId = kind === 'partners' ? id : idOf(item.partner_id);
  const updatedAt = typeof item.updated_at === 'string' ? parseTimestamp(item.updated_at) : undefined;
  try {
    const change = readChange({
      eventId: '',
      eventType: eventTypes[kind],
      atMicros: readAtMicros,
      resource: { type: undefined, id },
      tenantId: tenantId === undefined ? undefined : parseTenantId(tenantId),
      partnerId: partnerId === undefined ? undefined : parsePartnerId(partnerId),
      data: item,
    });
    const atMicros = Math.min(updatedAt ?? readAtMicros, nowMicros + clockToleranceMicros);
    return change === undefined ? undefined : { change, atMicros };
  } catch (error) {
    if (isVaultError(error, 'invalid_request')) return undefined;
    throw error;
  }
};

/** A member as the list of a group tells of it. */
export interface ListedMembership {
  readonly subjectId: string;
  readonly inherited: boolean;
  readonly addedAtMicros: number | null;
}

/** Undefined for a row that names nobody. */
export const readListedMember = (item: EventData): ListedMembership | undefined => {
  const subjectId = idOf(item.user_id);
  if (subjectId === undefined || !/^[\x21-\x7e]{1,128}$/.test(subjectId)) return undefined;
  const addedAt = typeof item.added_at === 'string' ? parseTimestamp(item.added_at) : undefined;
  return { subjectId, inherited: item.membership_type === 'INHERITED', addedAtMicros: addedAt ?? null };
};
