import { type DirectoryData, effectiveMembers } from './directory.ts';
import { membershipEvent, objectEvent, type WebhookEvent } from './webhook-event.ts';

/** One `created` event per object and one per membership, each after the objects it speaks of. */
export const seedEvents = (directory: DirectoryData, timestamp: string): WebhookEvent[] => [
  ...directory.partners.map((partner) => objectEvent(directory, 'partners', partner, 'created', timestamp)),
  ...directory.tenants.map((tenant) => objectEvent(directory, 'tenants', tenant, 'created', timestamp)),
  ...directory.users.map((user) => objectEvent(directory, 'users', user, 'created', timestamp)),
  ...directory.groups.map((group) => objectEvent(directory, 'groups', group, 'created', timestamp)),
  ...directory.groups.flatMap(({ id: groupId }) =>
    effectiveMembers(directory, groupId).map(({ user }) =>
      membershipEvent(directory, { groupId, userId: user.id, verb: 'added' }, timestamp),
    ),
  ),
];
