import type { RequestInfo } from '../request-info.ts';
import type { AuditSubject } from './audit-trail.ts';

/** What the steps learn for the audit row while a call passes through them. */
export interface AuditFacts {
  identity: { readonly identityType: string; readonly identityId: string } | undefined;
  /** Tenant whose trail the row belongs to: the one acted in, before that the caller's own. */
  tenantId: string | undefined;
  /** Tenant asked for by path or header. */
  requestedTenantId: string | undefined;
  homeTenantId: string | undefined;
  /** Partner named for its objects, when it is another one than the tenant's. */
  namedPartnerId: string | undefined;
  actorId: string | undefined;
  secretPath: string | undefined;
  policyId: string | undefined;
  /** Whose deed it is; undefined as long as nobody is known. */
  subject(action: string): AuditSubject | undefined;
  /** extra_data of the row: our facts and those of the handler. */
  extra(more: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}

/** What was asked for need not be the id of anything, nor as short as one. */
const longestId = 128;

export const factsOf = (resource: string, request: RequestInfo): AuditFacts => ({
  identity: undefined,
  tenantId: undefined,
  requestedTenantId: undefined,
  homeTenantId: undefined,
  namedPartnerId: undefined,
  actorId: undefined,
  secretPath: undefined,
  policyId: undefined,
  subject(action) {
    if (this.identity === undefined || this.tenantId === undefined) return undefined;
    const { identityType, identityId } = this.identity;
    return {
      tenantId: this.tenantId,
      identityType,
      identityId,
      action,
      secretPath: this.secretPath,
      policyId: this.policyId,
    };
  },
  extra(more) {
    const facts: Record<string, unknown> = {};
    if (resource !== '') facts.resource = resource;
    if (request.clientRequestId !== undefined) facts.client_request_id = request.clientRequestId;
    if (this.actorId !== undefined) facts.actor_id = this.actorId;
    if (this.homeTenantId !== undefined) facts.home_tenant_id = this.homeTenantId;
    // A refused call into another tenant lies in the caller's own trail and says where it wanted to go.
    else if (this.requestedTenantId !== undefined && this.requestedTenantId !== this.tenantId)
      facts.requested_tenant_id = this.requestedTenantId.slice(0, longestId);
    if (this.namedPartnerId !== undefined) facts.partner_id = this.namedPartnerId.slice(0, longestId);
    return Object.assign(facts, more);
  },
});
