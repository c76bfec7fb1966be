import { type FieldRule, type FieldViolation, validationError } from '@scaivault/errors';

/** More than anyone repairs in one go; a hostile body cannot make the answer longer than this. */
const maxViolations = 100;

export interface Violations {
  add(field: string, rule: FieldRule, message: string): void;
  /** Throws 422 `validation_error` with everything found, if anything was. */
  raise(): void;
}

/** Gathers the broken fields of one request, so that the client learns of all at once (rest-api-core 1.9). */
export const createViolations = (): Violations => {
  const found: FieldViolation[] = [];
  return {
    add: (field, rule, message) => {
      if (found.length < maxViolations) found.push({ field, rule, message });
    },
    raise: () => {
      if (found.length > 0) throw validationError(found);
    },
  };
};
