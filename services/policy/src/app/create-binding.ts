import type { Caller, Once } from '@scaivault/pipeline';
import { newId } from '@scaivault/tenancy';
import { type Binding, type BoundType, maxBindings } from '../domain/binding.ts';
import { checkBinding } from '../domain/bound-identity.ts';
import { policyNotFound, tooManyBindings } from '../domain/refusals.ts';
import { requireOwnPartner } from '../domain/require-own-partner.ts';
import type { BindingStore, Clock, IdentityMirror } from '../ports.ts';
import type { ChangeWhereFound } from './change-where-found.ts';
import type { FindPolicy } from './find-policy.ts';
import { originOf } from './origin-of.ts';

export interface BindingInput {
  readonly identityType: BoundType;
  readonly identityId: string;
  readonly expiresAtMicros: number | null;
}

/** Binds, or renews the binding that the identity already has. */
export const createCreateBinding =
  ({
    changeWhereFound,
    findChangeable,
    identities,
    bindings,
    nowMicros,
  }: {
    readonly changeWhereFound: ChangeWhereFound;
    readonly findChangeable: FindPolicy;
    readonly identities: IdentityMirror;
    readonly bindings: Pick<BindingStore, 'bind'>;
    readonly nowMicros: Clock;
  }) =>
  async (
    caller: Caller,
    policyId: string,
    { identityType, identityId, expiresAtMicros }: BindingInput,
    once: Once | undefined,
  ): Promise<{ readonly binding: Binding; readonly renewed: boolean }> => {
    checkBinding(identityType, identityId, expiresAtMicros, nowMicros());
    // An outage is not "unknown": a binding left unpinned by it would go to whoever bears the name later.
    const known = await identities.lookup(caller.tenantId, identityType, identityId).catch(async (error: unknown) => {
      await findChangeable(caller, policyId);
      throw error;
    });
    const binding: Binding = {
      id: newId('bnd'),
      policyId,
      identityType,
      identityId,
      subjectId: known?.subjectId ?? null,
      expiresAtMicros,
      createdAtMicros: nowMicros(),
      createdBy: caller.identityId,
    };
    return await changeWhereFound(caller, policyId, async (scopeId, found) => {
      if (found?.policy.scope === 'partner') requireOwnPartner(caller);
      const outcome = await bindings.bind(scopeId, binding, {
        directory: caller.tenantId,
        most: maxBindings,
        deed: { origin: originOf(caller, binding.createdAtMicros), once },
      });
      if (outcome.kind === 'no_policy') throw policyNotFound();
      if (outcome.kind === 'full') throw tooManyBindings(maxBindings);
      return { binding: outcome.binding, renewed: outcome.kind === 'renewed' };
    });
  };
