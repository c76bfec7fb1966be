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

export const identityNotFound = (): VaultError =>
  new VaultError('identity_not_found', 'No such identity is known here, and no policy is bound to it.');
