import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import type { PartnerId } from '@scaivault/tenancy';
import type { PageOf, PageRequest } from '../domain/page-window.ts';
import type { Status } from '../domain/status.ts';
import type {
  DirectoryLists,
  ListedGroup,
  ListedMember,
  ListedPartner,
  ListedTenant,
  ListedUser,
  SyncRun,
  SyncRuns,
} from '../ports.ts';
import type { FindById } from './find-by-id.ts';
import { type OpenTenant, sightOf } from './visibility.ts';

/** The lists of rest-api-core 11.1, each as far as its caller sees. */
export interface ListDirectory {
  partners(caller: Caller, status: Status | undefined, page: PageRequest): Promise<PageOf<ListedPartner>>;
  tenants(
    caller: Caller,
    filter: { readonly partnerId: PartnerId | undefined; readonly status: Status | undefined },
    page: PageRequest,
  ): Promise<PageOf<ListedTenant>>;
  users(
    caller: Caller,
    filter: { readonly tenantId: string; readonly q: string | undefined; readonly status: Status | undefined },
    page: PageRequest,
  ): Promise<PageOf<ListedUser>>;
  groups(
    caller: Caller,
    filter: { readonly tenantId: string; readonly q: string | undefined },
    page: PageRequest,
  ): Promise<PageOf<ListedGroup>>;
  members(caller: Caller, groupId: string, page: PageRequest): Promise<PageOf<ListedMember>>;
  syncs(caller: Caller, page: PageRequest): Promise<PageOf<SyncRun>>;
}

const foreignPartner = (): VaultError =>
  new VaultError('forbidden', 'This partner is not open to you.', { details: { reason: 'foreign_partner' } });

export const createListDirectory = ({
  lists,
  runs,
  openTenant,
  findById,
}: {
  readonly lists: Omit<DirectoryLists, 'locate'>;
  readonly runs: Pick<SyncRuns, 'list'>;
  readonly openTenant: OpenTenant;
  readonly findById: FindById;
}): ListDirectory => ({
  partners: (caller, status, page) => {
    const sight = sightOf(caller);
    return lists.partners(sight.kind === 'everything' ? undefined : sight.partnerId, status, page);
  },

  tenants: async (caller, { partnerId, status }, page) => {
    const sight = sightOf(caller);
    if (sight.kind === 'everything') return await lists.tenants({ partnerId, status }, page);
    if (partnerId !== undefined && partnerId !== sight.partnerId) throw foreignPartner();
    const tenantId = sight.kind === 'tenant' ? sight.tenantId : undefined;
    return await lists.tenants({ partnerId: sight.partnerId, tenantId, status }, page);
  },

  users: async (caller, { tenantId, ...filter }, page) =>
    await lists.users((await openTenant(caller, tenantId)).tenantId, filter, page),

  groups: async (caller, { tenantId, q }, page) =>
    await lists.groups((await openTenant(caller, tenantId)).tenantId, { q }, page),

  members: async (caller, groupId, page) =>
    await lists.members(await findById(caller, 'group', groupId), groupId, page),

  syncs: (caller, page) => runs.list(sightOf(caller), page),
});
