import type { Caller, Once } from '@scaivault/pipeline';
import { newId } from '@scaivault/tenancy';
import { checkPriority } from '../domain/check-priority.ts';
import { type Policy, type PolicyScope, policyDefaults } from '../domain/policy.ts';
import { readRules } from '../domain/read-rules.ts';
import type { Clock, PolicyStore } from '../ports.ts';
import { requireRoleFor, scopeIdOf } from './find-policy.ts';
import { originOf } from './origin-of.ts';
import type { PutInForce } from './put-in-force.ts';

/** A policy as a client writes it; undefined: the default. */
export interface PolicyInput {
  readonly name: string;
  readonly description: string | undefined;
  readonly scope: PolicyScope | undefined;
  readonly priority: number | undefined;
  readonly rules: Uint8Array | undefined;
  readonly isActive: boolean | undefined;
}

export const createCreatePolicy =
  ({
    policies,
    putInForce,
    nowMicros,
  }: {
    readonly policies: Pick<PolicyStore, 'insert'>;
    readonly putInForce: PutInForce;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller, input: PolicyInput, once: Once | undefined): Promise<Policy> => {
    const scope = input.scope ?? policyDefaults.scope;
    const rules = readRules(input.rules);
    const createdAtMicros = nowMicros();
    const policy: Policy = {
      id: newId('pol'),
      scope,
      name: input.name,
      description: input.description ?? null,
      priority: input.priority ?? policyDefaults.priority,
      rules,
      isActive: input.isActive ?? policyDefaults.isActive,
      createdAtMicros,
      updatedAtMicros: createdAtMicros,
    };
    checkPriority(scope, policy.priority);
    requireRoleFor(caller, scope);
    const scopeId = scopeIdOf(caller, scope);
    await putInForce(scopeId, () =>
      policies.insert(scopeId, policy, { origin: originOf(caller, createdAtMicros), once }),
    );
    return policy;
  };
