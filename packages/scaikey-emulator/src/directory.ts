/** What ScaiKey knows: partners, their tenants, and the people, service accounts and groups of each tenant. */

type Status = 'ACTIVE' | 'SUSPENDED' | 'DELETED';
type MembershipType = 'DIRECT' | 'INHERITED';

interface Stamped {
  id: string;
  /** RFC 3339, UTC. */
  created_at: string;
  updated_at: string;
}

export interface Partner extends Stamped {
  name: string;
  slug: string;
  region: string;
  status: Status;
}

export interface Tenant extends Stamped {
  partner_id: string;
  name: string;
  slug: string;
  status: Status;
}

/** A person has an e-mail, a service account a name and a client secret; both are "users" in ScaiKey's lists. */
export interface User extends Stamped {
  type: 'user' | 'service_account';
  tenant_id: string;
  email: string | null;
  name: string | null;
  first_name: string | null;
  last_name: string | null;
  status: Status;
  mfa_enabled: boolean;
  roles: string[];
  client_secret: string | null;
  /** What client_credentials may ask for. */
  scopes: string[];
}

export interface Group extends Stamped {
  tenant_id: string;
  name: string;
  group_type: string;
  /** Users, service accounts and other groups, as they were put in. */
  members: { member_id: string; added_at: string }[];
}

/** The four kinds of objects, under the names they have in addresses. */
export interface Objects {
  partners: Partner;
  tenants: Tenant;
  users: User;
  groups: Group;
}
export type Kind = keyof Objects;
export const kinds = ['partners', 'tenants', 'users', 'groups'] as const satisfies readonly Kind[];

export type DirectoryData = { [K in Kind]: Objects[K][] };

export const findById = <K extends Kind>(directory: DirectoryData, kind: K, id: string): Objects[K] | undefined =>
  directory[kind].find((object) => object.id === id);

export const partnerIdOf = (directory: DirectoryData, tenantId: string): string | undefined =>
  findById(directory, 'tenants', tenantId)?.partner_id;

export interface EffectiveMember {
  readonly user: User;
  readonly membershipType: MembershipType;
  readonly addedAt: string;
}

/** Everyone in a group, also through groups inside it; a direct membership wins over an inherited one. */
export const effectiveMembers = (directory: DirectoryData, groupId: string): readonly EffectiveMember[] => {
  const found = new Map<string, EffectiveMember>();
  const seen = new Set<string>();
  const waiting = [groupId];
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    if (seen.has(id)) continue;
    seen.add(id);
    for (const { member_id, added_at } of findById(directory, 'groups', id)?.members ?? []) {
      const user = findById(directory, 'users', member_id);
      if (user === undefined) waiting.push(member_id);
      else if (!found.has(user.id)) {
        found.set(user.id, { user, membershipType: id === groupId ? 'DIRECT' : 'INHERITED', addedAt: added_at });
      }
    }
  }
  return [...found.values()];
};

/** Finds who is meant by an id, an e-mail, a service account's name, `user:<email>` or `sa:<name>`. */
export const findIdentity = (directory: DirectoryData, sub: string, tenantId?: string): User | undefined => {
  const byId = findById(directory, 'users', sub);
  if (byId !== undefined) return byId;
  const email = sub.startsWith('user:') ? sub.slice('user:'.length) : sub;
  const name = sub.startsWith('sa:') ? sub.slice('sa:'.length) : sub;
  // Names of service accounts are unique inside a tenant only, so a tenant named in the request narrows the search.
  return directory.users.find((user) =>
    user.type === 'user'
      ? !sub.startsWith('sa:') && user.email?.toLowerCase() === email.toLowerCase()
      : !sub.startsWith('user:') && user.name === name && (tenantId === undefined || user.tenant_id === tenantId),
  );
};
