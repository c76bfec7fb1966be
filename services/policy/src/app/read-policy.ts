import type { Caller } from '@scaivault/pipeline';
import { type Binding, maxBindings } from '../domain/binding.ts';
import type { Policy } from '../domain/policy.ts';
import type { BindingStore, Clock } from '../ports.ts';
import type { FindPolicy, FoundPolicy } from './find-policy.ts';

/** A policy as it is answered. */
export interface PolicyDocument {
  readonly policy: Policy;
  readonly bindings: readonly Binding[];
}

/** Adds the live bindings to a policy. */
export type ReadDocument = (found: FoundPolicy) => Promise<PolicyDocument>;

export const createReadDocument =
  ({
    bindings,
    nowMicros,
  }: {
    readonly bindings: Pick<BindingStore, 'list'>;
    readonly nowMicros: Clock;
  }): ReadDocument =>
  async ({ scopeId, policy }) => ({
    policy,
    bindings: await bindings.list(scopeId, policy.id, { after: '', limit: maxBindings, nowMicros: nowMicros() }),
  });

export const createReadPolicy =
  ({ find, readDocument }: { readonly find: FindPolicy; readonly readDocument: ReadDocument }) =>
  async (caller: Caller, policyId: string): Promise<PolicyDocument> =>
    await readDocument(await find(caller, policyId));
