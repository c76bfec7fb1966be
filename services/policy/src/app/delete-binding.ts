import type { Caller } from '@scaivault/pipeline';
import { isId } from '@scaivault/tenancy';
import { bindingNotFound } from '../domain/refusals.ts';
import type { BindingStore, Clock } from '../ports.ts';
import type { FindPolicy } from './find-policy.ts';
import { originOf } from './origin-of.ts';
import type { PutInForce } from './put-in-force.ts';

export const createDeleteBinding =
  ({
    findChangeable,
    bindings,
    putInForce,
    nowMicros,
  }: {
    readonly findChangeable: FindPolicy;
    readonly bindings: Pick<BindingStore, 'unbind'>;
    readonly putInForce: PutInForce;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller, policyId: string, bindingId: string): Promise<void> => {
    const { scopeId } = await findChangeable(caller, policyId);
    if (!isId('bnd', bindingId)) throw bindingNotFound();
    await putInForce(scopeId, async () => {
      if (!(await bindings.unbind(scopeId, policyId, bindingId, originOf(caller, nowMicros()))))
        throw bindingNotFound();
    });
  };
