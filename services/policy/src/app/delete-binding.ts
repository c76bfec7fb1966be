import type { Caller } from '@scaivault/pipeline';
import { isId } from '@scaivault/tenancy';
import { bindingNotFound, policyNotFound } from '../domain/refusals.ts';
import type { BindingStore, Clock } from '../ports.ts';
import type { ChangeWhereFound } from './change-where-found.ts';
import { originOf } from './origin-of.ts';

export const createDeleteBinding =
  ({
    changeWhereFound,
    bindings,
    nowMicros,
  }: {
    readonly changeWhereFound: ChangeWhereFound;
    readonly bindings: Pick<BindingStore, 'unbind'>;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller, policyId: string, bindingId: string): Promise<void> => {
    await changeWhereFound(caller, policyId, async (scopeId, found) => {
      const isThere =
        isId('bnd', bindingId) && (await bindings.unbind(scopeId, policyId, bindingId, originOf(caller, nowMicros())));
      if (!isThere) throw found === undefined ? policyNotFound() : bindingNotFound();
    });
  };
