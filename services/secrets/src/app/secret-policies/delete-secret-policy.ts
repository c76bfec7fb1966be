import type { Caller } from '@scaivault/pipeline';
import { partnerScope, scopeId } from '@scaivault/tenancy';
import { recoverableForMicros } from '../../domain/recovery.ts';
import { secretPolicyInUse, secretPolicyNotFound } from '../../domain/secret-policies/refusals.ts';
import type { SecretPolicyStore } from '../../ports.ts';
import type { Clock } from '../clock.ts';

/** Deletes a policy that no secret refers to; with `force` the secrets are detached from it. 404, 409 `policy_in_use`. */
export const createDeleteSecretPolicy =
  ({ policies, clock }: { readonly policies: Pick<SecretPolicyStore, 'remove'>; readonly clock: Clock }) =>
  async ({ scope }: Pick<Caller, 'scope'>, id: string, force: boolean): Promise<void> => {
    const nowMicros = clock();
    const references = await policies.remove(scopeId(scope), id, {
      partner: scopeId(partnerScope(scope.partnerId)),
      force,
      nowMicros,
      goneSinceMicros: nowMicros - recoverableForMicros,
    });
    if (references === undefined) throw secretPolicyNotFound();
    if (references > 0) throw secretPolicyInUse(references);
  };

export type DeleteSecretPolicy = ReturnType<typeof createDeleteSecretPolicy>;
