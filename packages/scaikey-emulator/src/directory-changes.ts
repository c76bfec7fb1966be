import { type DirectoryData, effectiveMembers, findById, type Kind, type Objects, type User } from './directory.ts';
import type { ObjectChange } from './directory-objects.ts';
import { type MembershipSpelling, membershipEvent, type WebhookEvent } from './webhook-event.ts';

/** Fields whose change has an event of its own. */
const eventfulFields: readonly string[] = ['status', 'mfa_enabled', 'password_changed'];

const userVerbs = (before: User, after: User, change: ObjectChange['users']): string[] => [
  ...(before.status === after.status ? [] : [after.status === 'ACTIVE' ? 'activated' : 'suspended']),
  ...(before.mfa_enabled === after.mfa_enabled ? [] : [after.mfa_enabled ? 'mfa_enabled' : 'mfa_disabled']),
  ...(change.password_changed ? ['password_changed'] : []),
];

const ownVerbs: { [K in Kind]: (before: Objects[K], after: Objects[K], change: ObjectChange[K]) => string[] } = {
  partners: () => [],
  tenants: () => [],
  users: userVerbs,
  groups: () => [],
};

/** The verbs of the events a change makes: a user's status, MFA and password have their own, all else is `updated`. */
export const changeVerbs = <K extends Kind>(
  kind: K,
  before: Objects[K],
  after: Objects[K],
  change: ObjectChange[K],
): readonly string[] => {
  const own = ownVerbs[kind](before, after, change);
  const hasOrdinary = Object.keys(change).some((field) => !eventfulFields.includes(field));
  return own.length === 0 || hasOrdinary ? ['updated', ...own] : own;
};

interface Membership {
  readonly groupId: string;
  readonly userId: string;
}

const memberships = (directory: DirectoryData): Membership[] =>
  directory.groups.flatMap(({ id: groupId }) =>
    effectiveMembers(directory, groupId).map(({ user }) => ({ groupId, userId: user.id })),
  );

const without = (all: readonly Membership[], others: readonly Membership[]): Membership[] => {
  const keys = new Set(others.map(({ groupId, userId }) => `${groupId}\n${userId}`));
  return all.filter(({ groupId, userId }) => !keys.has(`${groupId}\n${userId}`));
};

/**
 * Runs `change` and answers one event for each user who thereby entered or left a group, directly or through a nested
 * one. Memberships that ended because the user or the group itself is gone make none: its own event says so.
 */
export const withMembershipEvents = (
  directory: DirectoryData,
  change: () => void,
  { timestamp, spelling }: { timestamp: string; spelling?: MembershipSpelling | undefined },
): WebhookEvent[] => {
  const before = memberships(directory);
  change();
  const after = memberships(directory);
  const stillThere = ({ groupId, userId }: Membership): boolean =>
    findById(directory, 'groups', groupId) !== undefined && findById(directory, 'users', userId) !== undefined;
  const event = (verb: 'added' | 'removed') => (membership: Membership) =>
    membershipEvent(directory, { ...membership, verb, spelling }, timestamp);
  return [
    ...without(after, before).map(event('added')),
    ...without(before, after).filter(stillThere).map(event('removed')),
  ];
};
