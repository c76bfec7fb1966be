import { VaultError } from '@scaivault/errors';
import { type PartnerId, parsePartnerId, partnerScope, type Scope, tenantScope } from '@scaivault/tenancy';
import type { Caller } from '../caller.ts';
import type { IdentityDirectory } from './identity-directory.ts';
import type { ResolvedTenant } from './resolve-tenant.ts';

/** What a call says of whose objects it is about; undefined where it says nothing. */
export interface ObjectScopeSources {
  /** `partner`, or `tenant` as if it said nothing. */
  readonly word: string | undefined;
  /** X-Partner-ID. */
  readonly partner: string | undefined;
}

const notServed = (): VaultError =>
  new VaultError('invalid_request', 'This call is not about objects of a partner.', {
    details: { reason: 'object_scope' },
  });
const closed = (): VaultError =>
  new VaultError('forbidden', 'This partner is not open to you.', { details: { reason: 'foreign_partner' } });
const unknownPartner = (): VaultError =>
  new VaultError('not_found', 'There is no such partner.', { details: { resource: 'partner' } });

/** Which objects a service has beside those of tenants; its surface option says so. */
export interface ServedScopes {
  readonly partnerPrefix: boolean;
  readonly partnerScope: boolean;
}

/** Where a call finds what it is about: the part of a caller that says so. */
export type ObjectScopes = Pick<Caller, 'scope' | 'objectScope' | 'sharedScope'>;

const requirePartner = async (id: PartnerId, directory: Pick<IdentityDirectory, 'partner'>): Promise<Scope> => {
  const { record } = await directory.partner(id);
  if (record === undefined || record.status === 'DELETED') throw unknownPartner();
  return partnerScope(id);
};

const isForPartner = ({ word }: ObjectScopeSources, { partnerPrefix }: ServedScopes): boolean => {
  if (word === undefined || word === 'tenant') return false;
  if (word !== 'partner' || !partnerPrefix) throw notServed();
  return true;
};

/** True where X-Partner-ID says something: below `/v1/partner/`, and where objects are of scope partner by a field. */
export const canNamePartner = ({ word }: ObjectScopeSources, { partnerScope }: ServedScopes): boolean =>
  word === 'partner' || partnerScope;

/**
 * Whose objects a call works on (rest-api-core 1.2, 3.2): the tenant's, or those of the tenant's partner; a super_admin
 * may name another partner. Refusals: `invalid_request` (no such objects here), `forbidden` (`foreign_partner`),
 * `not_found` (`resource` = `partner`).
 */
export const resolveObjectScopes = (
  sources: ObjectScopeSources,
  served: ServedScopes,
  tenant: ResolvedTenant,
  roles: ReadonlySet<string>,
  directory: Pick<IdentityDirectory, 'partner'>,
): ObjectScopes | Promise<ObjectScopes> => {
  const scope = tenantScope(tenant.tenantId, tenant.partnerId);
  const below = isForPartner(sources, served);
  const withShared = (sharedScope: Scope) => ({ scope, objectScope: below ? sharedScope : scope, sharedScope });
  const { partner } = sources;
  if (partner === undefined || partner === tenant.partnerId || !canNamePartner(sources, served))
    return withShared(partnerScope(tenant.partnerId));
  if (!roles.has('super_admin')) throw closed();
  return requirePartner(parsePartnerId(partner), directory).then(withShared);
};
