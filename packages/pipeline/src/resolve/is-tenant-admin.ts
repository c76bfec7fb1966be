import type { Caller } from '../caller.ts';

/** True for roles that carry the built-in policy of administrators in the tenant acted in (rest-api-core 2.4). */
export const isTenantAdmin = ({ roles, homeTenantId }: Pick<Caller, 'roles' | 'homeTenantId'>): boolean =>
  roles.has('super_admin') || roles.has('partner_admin') || (roles.has('tenant_admin') && homeTenantId === null);
