import { isVaultError } from '@scaivault/errors';
import {
  type Caller,
  type IdentityDirectory,
  type ResolvedIdentity,
  resolveIdentity,
  type TokenVerifier,
  type VerifiedToken,
} from '@scaivault/pipeline';
import { parseTenantId } from '@scaivault/tenancy';

export interface ActiveToken {
  readonly token: VerifiedToken;
  readonly identity: ResolvedIdentity;
}

/** Tenants whose tokens the caller may look into: the one acted in, a partner admin's, for a super_admin all. */
const isOpenTo = async (
  caller: Caller,
  tenantId: string | null,
  directory: Pick<IdentityDirectory, 'tenant'>,
): Promise<boolean> => {
  const isSuper = caller.roles.has('super_admin');
  if (tenantId === null) return isSuper;
  const { record } = await directory.tenant(parseTenantId(tenantId));
  if (record?.status !== 'ACTIVE') return false;
  if (isSuper || tenantId === caller.tenantId) return true;
  return caller.roles.has('partner_admin') && record.partnerId === caller.partnerId;
};

/**
 * Whether a token would be let in now, and as whom (rest-api-core 2.2); undefined when not, for whatever reason, and for
 * tokens of tenants that are closed to the caller. 503 `service_unavailable` when nobody can say.
 */
export const createIntrospectToken =
  ({
    verify,
    directory,
  }: {
    readonly verify: TokenVerifier;
    readonly directory: Pick<IdentityDirectory, 'tenant' | 'caller'>;
  }) =>
  async (caller: Caller, text: string): Promise<ActiveToken | undefined> => {
    try {
      const token = await verify(text);
      const identity = await resolveIdentity(token, directory);
      return (await isOpenTo(caller, token.tenantId, directory)) ? { token, identity } : undefined;
    } catch (error) {
      // A tenant that cannot exist is one more way of being worth nothing.
      if (isVaultError(error) && (error.httpStatus === 401 || error.code === 'tenant_not_found')) return undefined;
      throw error;
    }
  };

export type IntrospectToken = ReturnType<typeof createIntrospectToken>;
