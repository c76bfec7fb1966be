import { fieldError, VaultError } from '@scaivault/errors';

/** One answer for what is absent and for what is somebody else's. */
export const subscriptionNotFound = (): VaultError =>
  new VaultError('subscription_not_found', 'You have no such subscription.');

export const tooManySubscriptions = (most: number): VaultError =>
  new VaultError('invalid_config', `An identity has at most ${most} subscriptions.`, {
    details: { field: 'subscriptions', reason: 'too_many' },
  });

export const notPolling = (): VaultError =>
  fieldError('subscription_id', 'conflict', 'must name a subscription of delivery type polling');
