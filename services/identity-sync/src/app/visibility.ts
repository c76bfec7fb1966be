import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { type PartnerId, parseTenantId, type TenantId } from '@scaivault/tenancy';
import { type Sight, sees } from '../domain/sight.ts';
import type { Directory } from '../ports.ts';
import { createFindTenant } from './look-up.ts';

/** A partner_admin acts below the own partner only, so the partner acted in is the own one. */
export const sightOf = ({ roles, tenantId, partnerId }: Pick<Caller, 'roles' | 'tenantId' | 'partnerId'>): Sight => {
  if (roles.has('super_admin')) return { kind: 'everything' };
  return roles.has('partner_admin') ? { kind: 'partner', partnerId } : { kind: 'tenant', tenantId, partnerId };
};

export interface OpenedTenant {
  readonly tenantId: TenantId;
  readonly partnerId: PartnerId;
}

/** A tenant that a call names; refused as rest-api-core 3.1 says: below partner_admin all others alike. */
export type OpenTenant = (caller: Caller, named: string) => Promise<OpenedTenant>;

const closed = (): VaultError => new VaultError('tenant_access_denied', 'This tenant is not open to you.');

export const createOpenTenant = ({ directory }: { readonly directory: Pick<Directory, 'tenant'> }): OpenTenant => {
  const findTenant = createFindTenant({ directory });
  return async (caller, named) => {
    const sight = sightOf(caller);
    if (named === caller.tenantId) return { tenantId: caller.tenantId, partnerId: caller.partnerId };
    if (sight.kind === 'tenant') throw closed();
    const tenantId = parseTenantId(named);
    const tenant = await findTenant(tenantId);
    if (tenant === undefined || tenant.status === 'DELETED') {
      throw new VaultError('tenant_not_found', 'There is no such tenant.');
    }
    const place = { tenantId, partnerId: tenant.partnerId };
    if (!sees(sight, place)) throw closed();
    if (tenant.status === 'SUSPENDED' && sight.kind !== 'everything') {
      throw new VaultError('forbidden', 'The tenant is suspended.', { details: { reason: 'tenant_suspended' } });
    }
    return place;
  };
};
