import { type FieldRule, VaultError } from '@scaivault/errors';

/** The rules a config of the right shape can break, in the words that 422 has for them. */
export type UnsoundReason = Extract<FieldRule, 'range' | 'length' | 'format' | 'enum' | 'conflict'>;

/** 400 `invalid_config`: the shape is right, but no sound generator comes of it (rest-api-core 1.10, 15). */
export const unsoundConfig = (field: string, reason: UnsoundReason, message: string): VaultError =>
  new VaultError('invalid_config', `${field} ${message}`, { details: { field, reason } });
