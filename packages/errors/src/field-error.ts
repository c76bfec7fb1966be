import { VaultError } from './vault-error.ts';

/** The closed list of rules a field can break (rest-api-core 1.9). */
export type FieldRule = 'required' | 'type' | 'range' | 'length' | 'format' | 'enum' | 'unknown' | 'conflict';

export interface FieldViolation {
  /** Dotted path in the request as the client wrote it, e.g. `options.max_versions`. */
  readonly field: string;
  readonly rule: FieldRule;
  readonly message: string;
}

/** More than anybody repairs in one go. */
const mostViolations = 100;
/** Names of unknown fields are the client's own words, and may be of any length. */
const longestField = 128;

const shorten = (field: string): string => (field.length > longestField ? `${field.slice(0, longestField)}…` : field);

/** 422 `validation_error` carrying the violations found, the first hundred of them (rest-api-core 1.9). */
export const validationError = (violations: readonly FieldViolation[]): VaultError => {
  const fields = violations
    .slice(0, mostViolations)
    .map(({ field, rule, message }) => ({ field: shorten(field), rule, message }));
  const first = fields[0];
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : '';
  const message = first ? `${first.field}: ${first.message}${more}` : 'The request is not valid.';
  return new VaultError('validation_error', message, { details: { fields } });
};

/** 422 for a single field. */
export const fieldError = (field: string, rule: FieldRule, message: string): VaultError =>
  validationError([{ field, rule, message }]);
