import type { EventContent, EventOrigin } from '@scaivault/outbox';
import { formatSeconds } from '@scaivault/tenancy';
import type { Binding } from './binding.ts';
import type { Policy } from './policy.ts';

/** Something that happens to a policy or a binding (rest-api-core 8.2); whose it is, is known to whoever writes it down. */
export type PolicyEvent = EventContent & { readonly origin: EventOrigin };

const named = ({ id, name, scope }: Policy) => ({ policy_id: id, name, scope });

export const policyCreated = (origin: EventOrigin, policy: Policy): PolicyEvent => ({
  type: 'policy.created',
  origin,
  data: { ...named(policy), rule_count: policy.rules.count },
});

/** Fields by the names of the document. */
const changeable = {
  name: ({ name }: Policy) => name,
  description: ({ description }: Policy) => description,
  priority: ({ priority }: Policy) => priority,
  rules: ({ rules }: Policy) => rules.json,
  is_active: ({ isActive }: Policy) => isActive,
};

export const policyUpdated = (origin: EventOrigin, before: Policy, after: Policy): PolicyEvent => ({
  type: 'policy.updated',
  origin,
  data: {
    ...named(after),
    changed_fields: Object.entries(changeable).flatMap(([name, of]) => (of(before) === of(after) ? [] : [name])),
  },
});

/** The bindings that went with it are no events of their own. */
export const policyDeleted = (origin: EventOrigin, policy: Policy, bindingCount: number): PolicyEvent => ({
  type: 'policy.deleted',
  origin,
  data: { ...named(policy), binding_count: bindingCount },
});

const facts = ({ policyId, id, identityType, identityId, expiresAtMicros }: Binding) => ({
  policy_id: policyId,
  binding_id: id,
  identity_type: identityType,
  identity_id: identityId,
  expires_at: expiresAtMicros === null ? null : formatSeconds(expiresAtMicros / 1000),
});

/** Also of one that is renewed: it has the same id then, and another end. */
export const bindingCreated = (origin: EventOrigin, binding: Binding): PolicyEvent => ({
  type: 'policy.binding.created',
  origin,
  data: facts(binding),
});

export const bindingDeleted = (origin: EventOrigin, binding: Binding): PolicyEvent => ({
  type: 'policy.binding.deleted',
  origin,
  data: facts(binding),
});
