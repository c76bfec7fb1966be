import { fieldError, VaultError } from '@scaivault/errors';
import { mostWebhooks } from './webhook.ts';

export const webhookNotFound = (): VaultError => new VaultError('webhook_not_found', 'There is no such webhook.');

export const deliveryNotFound = (): VaultError => new VaultError('delivery_not_found', 'There is no such delivery.');

/** 422 (rest-api-core 9). */
export const tooManyWebhooks = (): VaultError =>
  fieldError('webhooks', 'range', `must not be more than ${mostWebhooks} in a tenant`);
