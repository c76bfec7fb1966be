import type { VaultError } from '@scaivault/errors';
import { parseTenantId, type TenantId } from '@scaivault/tenancy';
import { decodeJwt } from 'jose/jwt/decode';
import type { RequestInfo } from '../request-info.ts';
import type { IdentityDirectory } from '../resolve/identity-directory.ts';
import type { AuditTrail } from './audit-trail.ts';

/** Leaves an `auth_failed` row when the refused token names a tenant that exists (rest-api-core 7.1). */
export type NoteAuthFailure = (
  request: RequestInfo,
  authorization: string | undefined,
  error: VaultError,
) => Promise<void>;

const longestClaim = 256;

/** Tenant and subject as an unverified token claims them; undefined when it cannot be read. */
const claimedBy = (
  authorization: string | undefined,
  tenantClaims: readonly string[],
): { tenantId: TenantId; subject: string } | undefined => {
  try {
    const claims = decodeJwt((authorization ?? '').replace(/^Bearer +/i, ''));
    const tenantId = tenantClaims.map((name) => claims[name]).find((value) => value !== undefined);
    if (typeof tenantId !== 'string') return undefined;
    return { tenantId: parseTenantId(tenantId), subject: String(claims.sub ?? '').slice(0, longestClaim) };
  } catch {
    // Whatever it was, it was no token that names a tenant; the metric and the log have counted it already.
    return undefined;
  }
};

export const createNoteAuthFailure =
  (options: {
    readonly directory: Pick<IdentityDirectory, 'tenant'>;
    readonly audit: Pick<AuditTrail, 'note'>;
    /** Names of the claim, one for each issuer. */
    readonly tenantClaims: readonly string[];
  }): NoteAuthFailure =>
  async (request, authorization, error) => {
    const claimed = claimedBy(authorization, options.tenantClaims);
    if (claimed === undefined) return;
    const { record } = await options.directory.tenant(claimed.tenantId);
    if (record === undefined || record.status === 'DELETED') return;
    const subject = {
      tenantId: claimed.tenantId,
      identityType: 'user',
      identityId: 'unverified',
      action: 'auth_failed',
      secretPath: undefined,
      policyId: undefined,
    };
    await options.audit.note(request, subject, error.code, { claimed_subject: claimed.subject });
  };
