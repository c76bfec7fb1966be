import { VaultError } from './vault-error.ts';

/** The closed list of rules a field can break (rest-api-core 1.9). */
export type FieldRule = 'required' | 'type' | 'range' | 'length' | 'format' | 'enum' | 'unknown' | 'conflict';

export interface FieldViolation {
  /** Dotted path in the request as the client wrote it, e.g. `options.max_versions`. */
  readonly field: string;
  readonly rule: FieldRule;
  readonly message: string;
}

/** 422 `validation_error` carrying every violation found (rest-api-core 1.9). */
export const validationError = (fields: readonly FieldViolation[]): VaultError => {
  const first = fields[0];
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : '';
  const message = first ? `${first.field}: ${first.message}${more}` : 'The request is not valid.';
  return new VaultError('validation_error', message, { details: { fields } });
};

/** 422 for a single field. */
export const fieldError = (field: string, rule: FieldRule, message: string): VaultError =>
  validationError([{ field, rule, message }]);
