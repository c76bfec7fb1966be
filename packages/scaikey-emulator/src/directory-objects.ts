import { VaultError } from '@scaivault/errors';
import {
  type DirectoryData,
  findById,
  type Group,
  type Kind,
  type Objects,
  type Partner,
  type Tenant,
  type User,
} from './directory.ts';

type Optional<T, K extends keyof T> = Omit<T, K | 'created_at' | 'updated_at'> & Partial<Pick<T, K>>;

/** What a new object needs; ids are made when they are not given. */
export interface NewObject {
  partners: Optional<Partner, 'id' | 'region' | 'status'>;
  tenants: Optional<Tenant, 'id' | 'status'>;
  users: Optional<User, Exclude<keyof User, 'tenant_id'>>;
  groups: Omit<Optional<Group, 'id' | 'group_type' | 'members'>, 'members'>;
}

type Changeable<T> = Partial<Omit<T, 'id' | 'created_at' | 'updated_at'>>;

/** What may change about an object. `password_changed` is stored nowhere, it only makes its event. */
export interface ObjectChange {
  partners: Changeable<Partner>;
  tenants: Changeable<Tenant>;
  users: Changeable<Omit<User, 'type'>> & { password_changed?: true };
  groups: Changeable<Omit<Group, 'members'>>;
}

interface Origin {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Fills in what is not given, per kind. */
export const builders: { [K in Kind]: (fields: NewObject[K], origin: Origin) => Objects[K] } = {
  partners: (fields, origin) => ({ region: 'eu', status: 'ACTIVE', ...origin, ...fields }),
  tenants: (fields, origin) => ({ status: 'ACTIVE', ...origin, ...fields }),
  users: (fields, origin) => ({
    type: 'user',
    email: null,
    name: null,
    first_name: null,
    last_name: null,
    status: 'ACTIVE',
    mfa_enabled: false,
    roles: [],
    client_secret: null,
    scopes: [],
    ...origin,
    ...fields,
  }),
  groups: (fields, origin) => ({ group_type: 'static', members: [], ...origin, ...fields }),
};

const parents: { [K in Kind]: (object: Objects[K]) => readonly [Kind, string] | undefined } = {
  partners: () => undefined,
  tenants: (tenant) => ['partners', tenant.partner_id],
  users: (user) => ['tenants', user.tenant_id],
  groups: (group) => ['tenants', group.tenant_id],
};

const naturalKeys: { [K in Kind]: (object: Objects[K]) => string } = {
  partners: (partner) => partner.slug,
  tenants: (tenant) => tenant.slug,
  users: (user) => user.email?.toLowerCase() ?? `${user.tenant_id}/${user.name}`,
  groups: (group) => `${group.tenant_id}/${group.name}`,
};

/** Throws `invalid_request` for a user without its e-mail or name, `not_found` without its parent, `name_conflict` for a twin. */
export const checkObject = <K extends Kind>(directory: DirectoryData, kind: K, object: Objects[K]): void => {
  if ('mfa_enabled' in object && (object.type === 'user' ? object.email : object.name) === null) {
    throw new VaultError('invalid_request', 'A user needs "email", a service account needs "name".');
  }
  const parent = parents[kind](object);
  if (parent !== undefined && findById(directory, ...parent) === undefined) {
    throw new VaultError('not_found', `There is no ${parent[1]} in ${parent[0]}.`);
  }
  const naturalKey = naturalKeys[kind];
  const twin = directory[kind].find((other) => other.id !== object.id && naturalKey(other) === naturalKey(object));
  if (twin !== undefined) throw new VaultError('name_conflict', `${twin.id} has that name already.`);
};
