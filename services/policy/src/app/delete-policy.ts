import type { Caller } from '@scaivault/pipeline';
import { policyInUse, policyNotFound } from '../domain/refusals.ts';
import type { Clock, PolicyStore } from '../ports.ts';
import type { ChangeWhereFound } from './change-where-found.ts';
import { originOf } from './origin-of.ts';

export const createDeletePolicy =
  ({
    changeWhereFound,
    policies,
    nowMicros,
  }: {
    readonly changeWhereFound: ChangeWhereFound;
    readonly policies: Pick<PolicyStore, 'remove'>;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller, policyId: string, force: boolean): Promise<void> => {
    await changeWhereFound(caller, policyId, async (scopeId) => {
      const origin = originOf(caller, nowMicros());
      const { found, inUseBy } = await policies.remove(scopeId, policyId, { force, origin });
      if (!found) throw policyNotFound();
      if (inUseBy > 0) throw policyInUse(inUseBy);
    });
  };
