import { type DirectoryData, effectiveMembers, type Kind, type Objects, partnerIdOf } from './directory.ts';

export type PublicFields = Readonly<Record<string, unknown>>;

const projections: { [K in Kind]: (object: Objects[K], directory: DirectoryData) => PublicFields } = {
  partners: (partner) => ({ ...partner }),
  tenants: (tenant) => ({ ...tenant }),
  users: ({ client_secret: _secret, scopes: _scopes, ...user }, directory) => ({
    ...user,
    partner_id: partnerIdOf(directory, user.tenant_id) ?? null,
  }),
  groups: ({ members, ...group }, directory) => ({
    ...group,
    partner_id: partnerIdOf(directory, group.tenant_id) ?? null,
    member_count: effectiveMembers(directory, group.id).length,
    member_group_ids: members
      .map((member) => member.member_id)
      .filter((id) => directory.groups.some((g) => g.id === id)),
  }),
};

/** An object as lists and events show it: without its client secret, with its partner. */
export const publicFields = <K extends Kind>(directory: DirectoryData, kind: K, object: Objects[K]): PublicFields =>
  projections[kind](object, directory);
