import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';

/**
 * Nobody is judged by the policies of one tenant and those of another's partner, nor does a name mean the same in both: a
 * call that asks about people, or binds them, while it names another partner than the tenant's, contradicts itself. 400
 * `invalid_request`, `partner_mismatch` (rest-api-core 1.10).
 */
export const requireOwnPartner = ({ sharedScope, partnerId }: Pick<Caller, 'sharedScope' | 'partnerId'>): void => {
  if (sharedScope.partnerId === partnerId) return;
  throw new VaultError(
    'invalid_request',
    'Who that is says the directory of a tenant: name one of this partner by X-Tenant-ID.',
    { details: { reason: 'partner_mismatch' } },
  );
};
