import type { Caller, Once } from '@scaivault/pipeline';
import { checkPriority } from '../domain/check-priority.ts';
import { checkNulls, keepScope, mergePolicy, type PolicyPatch } from '../domain/merge-policy.ts';
import { type Policy, type PolicyFields, policyDefaults } from '../domain/policy.ts';
import { readRules } from '../domain/read-rules.ts';
import { policyNotFound } from '../domain/refusals.ts';
import type { Clock, PolicyStore } from '../ports.ts';
import type { ChangeWhereFound } from './change-where-found.ts';
import type { PolicyInput } from './create-policy.ts';
import { originOf } from './origin-of.ts';
import type { PolicyDocument, ReadDocument } from './read-policy.ts';

interface Dependencies {
  readonly changeWhereFound: ChangeWhereFound;
  readonly policies: Pick<PolicyStore, 'change'>;
  readonly readDocument: ReadDocument;
  readonly nowMicros: Clock;
}

const ignore = (): void => {};

/** Writes what `edit` makes of the policy, and answers when that is in force. */
const change = async (
  { changeWhereFound, policies, readDocument, nowMicros }: Dependencies,
  caller: Caller,
  policyId: string,
  edit: (current: Policy) => PolicyFields,
  once?: Once,
): Promise<PolicyDocument> => {
  const { document } = await changeWhereFound(caller, policyId, async (scopeId) => {
    const updatedAtMicros = nowMicros();
    const editRow = (current: Policy): Policy => {
      const fields = edit(current);
      checkPriority(current.scope, fields.priority);
      return { ...current, ...fields, updatedAtMicros };
    };
    const policy = await policies.change(scopeId, policyId, editRow, {
      origin: originOf(caller, updatedAtMicros),
      once,
    });
    if (policy === undefined) throw policyNotFound();
    // Under way while the others take the change in.
    const document = readDocument({ scopeId, policy });
    document.catch(ignore);
    return { document };
  });
  return await document;
};

/** PUT: what is left out gets its default, but for the scope, which is fixed (rest-api-core 6.4, 15). */
export const createReplacePolicy =
  (dependencies: Dependencies) =>
  async (caller: Caller, policyId: string, input: PolicyInput, once: Once | undefined): Promise<PolicyDocument> => {
    const rules = readRules(input.rules);
    const replace = (current: Policy): PolicyFields => {
      keepScope(current.scope, input.scope);
      return {
        name: input.name,
        description: input.description ?? null,
        priority: input.priority ?? policyDefaults.priority,
        rules,
        isActive: input.isActive ?? policyDefaults.isActive,
      };
    };
    return await change(dependencies, caller, policyId, replace, once);
  };

/** PATCH: merges (rest-api-core 1.1, 6.4). */
export const createUpdatePolicy =
  (dependencies: Dependencies) =>
  async (
    caller: Caller,
    policyId: string,
    patch: Omit<PolicyPatch, 'rules'> & { readonly rules: Uint8Array | undefined },
  ): Promise<PolicyDocument> => {
    checkNulls(patch.nulls);
    const rules = patch.rules === undefined ? undefined : readRules(patch.rules);
    return await change(dependencies, caller, policyId, (current) => mergePolicy(current, { ...patch, rules }));
  };
