import { VaultError } from '@scaivault/errors';
import { ulid } from 'ulid';
import { type DirectoryData, findById, findIdentity, type Kind, type Objects, type User } from './directory.ts';
import { changeVerbs, withMembershipEvents } from './directory-changes.ts';
import { builders, checkObject, type NewObject, type ObjectChange } from './directory-objects.ts';
import { type MembershipSpelling, objectEvent, type WebhookEvent } from './webhook-event.ts';

export interface ChangeOptions {
  /** Changes the directory without an event, as if it had been lost; the next full sync finds it. */
  readonly silent?: boolean | undefined;
  readonly spelling?: MembershipSpelling | undefined;
}

/** Changes to the directory; each resolves when it and its events are on disk. */
export interface DirectoryControl {
  readonly data: DirectoryData;
  /** As `POST /dev/token` reads `sub`. */
  find(sub: string, tenantId?: string): User | undefined;
  create<K extends Kind>(kind: K, fields: NewObject[K], options?: ChangeOptions): Promise<Objects[K]>;
  change<K extends Kind>(kind: K, id: string, change: ObjectChange[K], options?: ChangeOptions): Promise<Objects[K]>;
  /** Removes the object with all it contains. */
  remove(kind: Kind, id: string, options?: ChangeOptions): Promise<void>;
  /** The member is a user, a service account or another group. */
  addMember(groupId: string, memberId: string, options?: ChangeOptions): Promise<void>;
  removeMember(groupId: string, memberId: string, options?: ChangeOptions): Promise<void>;
}

const idPrefixes = { partners: 'ptn', tenants: 'tnt', users: 'usr', groups: 'grp' } as const;

const get = <K extends Kind>(data: DirectoryData, kind: K, id: string): Objects[K] => {
  const object = findById(data, kind, id);
  if (object === undefined) throw new VaultError('not_found', `There is no ${id} in ${kind}.`);
  return object;
};

/** True when `inner` is `outer` or lies inside it. */
const contains = (data: DirectoryData, outer: string, inner: string): boolean =>
  outer === inner ||
  (findById(data, 'groups', outer)?.members ?? []).some(({ member_id }) => contains(data, member_id, inner));

const removeTree = (data: DirectoryData, kind: Kind, id: string): void => {
  if (kind === 'partners') {
    for (const tenant of data.tenants.filter((each) => each.partner_id === id)) removeTree(data, 'tenants', tenant.id);
    data.partners = data.partners.filter((partner) => partner.id !== id);
  } else if (kind === 'tenants') {
    data.users = data.users.filter((user) => user.tenant_id !== id);
    data.groups = data.groups.filter((group) => group.tenant_id !== id);
    data.tenants = data.tenants.filter((tenant) => tenant.id !== id);
  } else {
    data.users = data.users.filter((user) => user.id !== id);
    data.groups = data.groups.filter((group) => group.id !== id);
  }
  const known = new Set([...data.users, ...data.groups].map((each) => each.id));
  for (const group of data.groups) group.members = group.members.filter(({ member_id }) => known.has(member_id));
};

/**
 * The directory as its control calls see it: every change makes the events ScaiKey would send. Throws `not_found`,
 * `name_conflict` and `invalid_request`.
 */
export const createDirectoryControl = (parts: {
  data: DirectoryData;
  now: () => Date;
  save: () => Promise<void>;
  enqueue: (events: readonly WebhookEvent[]) => Promise<void>;
}): DirectoryControl => {
  const { data, now, save, enqueue } = parts;
  const stamp = (): string => now().toISOString();
  const finish = (events: readonly WebhookEvent[], silent: boolean | undefined): Promise<void> =>
    silent ? save() : enqueue(events);

  return {
    data,
    find: (sub, tenantId) => findIdentity(data, sub, tenantId),
    async create(kind, fields, { silent } = {}) {
      const timestamp = stamp();
      const id = fields.id ?? `${idPrefixes[kind]}_${ulid()}`;
      if (findById(data, kind, id) !== undefined) throw new VaultError('name_conflict', `${id} exists already.`);
      const object = builders[kind](fields, { id, created_at: timestamp, updated_at: timestamp });
      checkObject(data, kind, object);
      data[kind].push(object);
      await finish([objectEvent(data, kind, object, 'created', timestamp)], silent);
      return object;
    },
    async change(kind, id, change, { silent } = {}) {
      const timestamp = stamp();
      const object = get(data, kind, id);
      const before = { ...object };
      const fields = Object.fromEntries(Object.entries(change).filter(([field]) => field !== 'password_changed'));
      const after = { ...object, ...fields, updated_at: timestamp };
      checkObject(data, kind, after);
      Object.assign(object, after);
      const verbs = changeVerbs(kind, before, object, change);
      await finish(
        verbs.map((verb) => objectEvent(data, kind, object, verb, timestamp)),
        silent,
      );
      return object;
    },
    async remove(kind, id, { silent } = {}) {
      const timestamp = stamp();
      const deleted = objectEvent(data, kind, get(data, kind, id), 'deleted', timestamp);
      const memberships = withMembershipEvents(data, () => removeTree(data, kind, id), { timestamp });
      await finish([deleted, ...memberships], silent);
    },
    async addMember(groupId, memberId, { silent, spelling } = {}) {
      const timestamp = stamp();
      const group = get(data, 'groups', groupId);
      if (findById(data, 'groups', memberId) === undefined) get(data, 'users', memberId);
      if (contains(data, memberId, groupId)) {
        throw new VaultError('invalid_request', 'A group cannot contain itself, not even through another group.');
      }
      if (group.members.some(({ member_id }) => member_id === memberId)) return;
      const join = (): void => {
        group.members.push({ member_id: memberId, added_at: timestamp });
      };
      await finish(withMembershipEvents(data, join, { timestamp, spelling }), silent);
    },
    async removeMember(groupId, memberId, { silent, spelling } = {}) {
      const timestamp = stamp();
      const group = get(data, 'groups', groupId);
      if (!group.members.some(({ member_id }) => member_id === memberId)) {
        throw new VaultError('not_found', `${memberId} was not put into ${groupId}.`);
      }
      const leave = (): void => {
        group.members = group.members.filter(({ member_id }) => member_id !== memberId);
      };
      await finish(withMembershipEvents(data, leave, { timestamp, spelling }), silent);
    },
  };
};
