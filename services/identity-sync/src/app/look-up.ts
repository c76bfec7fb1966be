import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import type { PartnerId, TenantId } from '@scaivault/tenancy';
import { type ResolvableType, typeOfClaimed } from '../domain/identity-string.ts';
import { moreClosed, type Status } from '../domain/status.ts';
import type { Directory, NamedIdentity } from '../ports.ts';

export interface TenantState {
  readonly partnerId: PartnerId;
  /** The partner's state counted in. */
  readonly status: Status;
}

/** A tenant of any partner, deleted ones included (rest-api-core 3.1, 11.2). */
export const createFindTenant =
  ({ directory }: { readonly directory: Pick<Directory, 'tenant'> }) =>
  async (tenantId: TenantId): Promise<TenantState | undefined> => {
    const tenant = await directory.tenant(tenantId);
    if (tenant === undefined) return undefined;
    const { partnerId, status, partnerStatus } = tenant;
    return { partnerId, status: partnerStatus === null ? status : moreClosed(status, partnerStatus) };
  };

/**
 * The caller behind a token's subject. For one of whom only memberships are known the token's claims give the name, while
 * its groups and its state are the mirror's.
 */
export const createFindCaller =
  ({ directory }: { readonly directory: Pick<Directory, 'caller'> }) =>
  async (tenantId: TenantId, subject: string, claimed: string): Promise<NamedIdentity | undefined> => {
    const known = await directory.caller(tenantId, subject, claimed);
    if (known === undefined) return undefined;
    if (known.identityId !== null) return { ...known, identityId: known.identityId };
    return { ...known, identityId: claimed, type: typeOfClaimed(claimed) };
  };

export type FindTenant = ReturnType<typeof createFindTenant>;
export type FindCaller = ReturnType<typeof createFindCaller>;

/** An identity of the caller's tenant; 404 `identity_not_found`, also for deleted ones (rest-api-core 11.1). */
export const createResolveIdentity =
  ({ directory }: { readonly directory: Pick<Directory, 'identity'> }) =>
  async (caller: Caller, type: ResolvableType, identityId: string): Promise<NamedIdentity> => {
    const identity = await directory.identity(caller.tenantId, type, identityId);
    if (identity === undefined || identity.status === 'DELETED') {
      throw new VaultError('identity_not_found', 'There is no such identity in this tenant.');
    }
    return identity;
  };

export type ResolveIdentity = ReturnType<typeof createResolveIdentity>;
