import type { Caller } from '@scaivault/pipeline';
import { policyInUse, policyNotFound } from '../domain/refusals.ts';
import type { Clock, PolicyStore } from '../ports.ts';
import type { FindPolicy } from './find-policy.ts';
import { originOf } from './origin-of.ts';
import type { PutInForce } from './put-in-force.ts';

export const createDeletePolicy =
  ({
    findChangeable,
    policies,
    putInForce,
    nowMicros,
  }: {
    readonly findChangeable: FindPolicy;
    readonly policies: Pick<PolicyStore, 'remove'>;
    readonly putInForce: PutInForce;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller, policyId: string, force: boolean): Promise<void> => {
    const { scopeId } = await findChangeable(caller, policyId);
    await putInForce(scopeId, async () => {
      const origin = originOf(caller, nowMicros());
      const { found, inUseBy } = await policies.remove(scopeId, policyId, { force, origin });
      if (!found) throw policyNotFound();
      if (inUseBy > 0) throw policyInUse(inUseBy);
    });
  };
