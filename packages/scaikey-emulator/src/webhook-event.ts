import { monotonicFactory } from 'ulid';
import { type DirectoryData, findById, type Kind, type Objects, partnerIdOf } from './directory.ts';
import { publicFields } from './public-fields.ts';

/** The body of a webhook, field for field (rest-api-core 11.2). */
export interface WebhookEvent {
  readonly event_id: string;
  readonly event_type: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly timestamp: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly actor: { readonly id: string; readonly type: string };
  readonly data: Readonly<Record<string, unknown>>;
  readonly tenant_id: string | null;
  readonly partner_id: string | null;
}

/** The three ways ScaiKey versions have named membership events. */
const membershipSpellings = {
  dotted: { added: 'group.member.added', removed: 'group.member.removed' },
  underscored: { added: 'group.member_added', removed: 'group.member_removed' },
  resource: { added: 'group_membership.added', removed: 'group_membership.removed' },
} as const;
export type MembershipSpelling = keyof typeof membershipSpellings;

export const eventActor = { id: 'scaikey-emulator', type: 'system' } as const;

const resourceTypes = { partners: 'partner', tenants: 'tenant', users: 'user', groups: 'group' } as const;

/** Ids sort in the order the events were made. */
export const newEventId = (
  (next) => (): string =>
    `evt_${next()}`
)(monotonicFactory());

const tenantOf = (kind: Kind, object: Objects[Kind]): string | null => {
  if (kind === 'partners') return null;
  return 'tenant_id' in object ? object.tenant_id : object.id;
};

/** The event `<resource>.<verb>` about one object, with its public fields as data. */
export const objectEvent = <K extends Kind>(
  directory: DirectoryData,
  kind: K,
  object: Objects[K],
  verb: string,
  timestamp: string,
): WebhookEvent => {
  const tenantId = tenantOf(kind, object);
  const data = publicFields(directory, kind, object);
  return {
    event_id: newEventId(),
    event_type: `${resourceTypes[kind]}.${verb}`,
    timestamp,
    resource: { type: resourceTypes[kind], id: object.id },
    actor: eventActor,
    data: verb === 'deleted' ? { ...data, status: 'DELETED' } : data,
    tenant_id: tenantId,
    partner_id: tenantId === null ? object.id : (partnerIdOf(directory, tenantId) ?? null),
  };
};

/** The event of one user entering or leaving one group; nested groups show as events of the users inside. */
export const membershipEvent = (
  directory: DirectoryData,
  change: { groupId: string; userId: string; verb: 'added' | 'removed'; spelling?: MembershipSpelling | undefined },
  timestamp: string,
): WebhookEvent => {
  const tenantId = findById(directory, 'groups', change.groupId)?.tenant_id ?? null;
  return {
    event_id: newEventId(),
    event_type: membershipSpellings[change.spelling ?? 'dotted'][change.verb],
    timestamp,
    resource: { type: 'group', id: change.groupId },
    actor: eventActor,
    data: { group_id: change.groupId, user_id: change.userId },
    tenant_id: tenantId,
    partner_id: tenantId === null ? null : (partnerIdOf(directory, tenantId) ?? null),
  };
};
