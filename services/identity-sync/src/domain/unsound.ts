import { VaultError } from '@scaivault/errors';

/** 400 `invalid_request` for an event whose signature holds but whose content does not (rest-api-core 11.2). */
export const unsound = (field: string, what: string): VaultError =>
  new VaultError('invalid_request', `The event's ${field} ${what}.`, { details: { reason: 'invalid_event', field } });
