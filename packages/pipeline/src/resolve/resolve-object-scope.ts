import { VaultError } from '@scaivault/errors';
import { type PartnerId, parsePartnerId, partnerScope, type Scope, tenantScope } from '@scaivault/tenancy';
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

const requirePartner = async (id: PartnerId, directory: Pick<IdentityDirectory, 'partner'>): Promise<Scope> => {
  const { record } = await directory.partner(id);
  if (record === undefined || record.status === 'DELETED') throw unknownPartner();
  return partnerScope(id);
};

/**
 * Whose objects a call works on (rest-api-core 3.2): the tenant's, or those of the tenant's partner; a super_admin may
 * name another partner. Refusals: `invalid_request` (no such objects here), `forbidden` (`foreign_partner`), `not_found`
 * (`resource` = `partner`).
 */
export const resolveObjectScope = (
  { word, partner }: ObjectScopeSources,
  servesPartners: boolean,
  tenant: ResolvedTenant,
  roles: ReadonlySet<string>,
  directory: Pick<IdentityDirectory, 'partner'>,
): Scope | Promise<Scope> => {
  if (word === undefined || word === 'tenant') return tenantScope(tenant.tenantId, tenant.partnerId);
  if (word !== 'partner' || !servesPartners) throw notServed();
  if (partner === undefined || partner === tenant.partnerId) return partnerScope(tenant.partnerId);
  if (!roles.has('super_admin')) throw closed();
  return requirePartner(parsePartnerId(partner), directory);
};
