import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import type { TenantId } from '@scaivault/tenancy';
import { sees } from '../domain/sight.ts';
import type { DirectoryLists } from '../ports.ts';
import { sightOf } from './visibility.ts';

export const identityNotFound = (what: string): VaultError =>
  new VaultError('identity_not_found', `There is no such ${what}.`);

/**
 * The tenant of a user or group that is named by ScaiKey's id alone: the tenant acted in before all others; 404
 * `identity_not_found` for what is absent and for what the caller may not see (rest-api-core 11.1).
 */
export const createFindById =
  ({ lists }: { readonly lists: Pick<DirectoryLists, 'locate'> }) =>
  async (caller: Caller, kind: 'user' | 'group', id: string): Promise<TenantId> => {
    const sight = sightOf(caller);
    const places = (await lists.locate(kind, id)).filter((place) => sees(sight, place));
    const found = places.find(({ tenantId }) => tenantId === caller.tenantId) ?? places[0];
    if (found === undefined) throw identityNotFound(kind);
    return found.tenantId;
  };

export type FindById = ReturnType<typeof createFindById>;
