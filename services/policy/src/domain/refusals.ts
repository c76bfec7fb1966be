import { VaultError } from '@scaivault/errors';

/** One answer for what is absent and for what belongs to somebody else. */
export const policyNotFound = (): VaultError => new VaultError('policy_not_found', 'There is no such policy.');

export const bindingNotFound = (): VaultError => new VaultError('binding_not_found', 'The policy has no such binding.');

export const nameTaken = (name: string): VaultError =>
  new VaultError('name_conflict', 'Another policy has this name.', { details: { name } });

export const policyInUse = (bindingCount: number): VaultError =>
  new VaultError('policy_in_use', 'The policy is bound. Delete it with force to drop its bindings too.', {
    details: { binding_count: bindingCount },
  });

export const tooManyBindings = (most: number): VaultError =>
  new VaultError('invalid_policy', `A policy has at most ${most} bindings.`, {
    details: { field: 'bindings', reason: 'too_many' },
  });

const extents = {
  rules: 'A tenant has at most 100000 rules, a partner 25000.',
  bytes: 'The policies of a tenant come to at most 14 MiB with their bindings, those of a partner to 4 MiB.',
} as const;

/** What all policies of a scope may come to together; every process has to hold them. */
export const tooMuch = (what: keyof typeof extents): VaultError =>
  new VaultError('invalid_policy', extents[what], { details: { field: 'rules', reason: `too_many_${what}` } });

export const identityNotFound = (): VaultError =>
  new VaultError('identity_not_found', 'No such identity is known here, and no policy is bound to it.');
