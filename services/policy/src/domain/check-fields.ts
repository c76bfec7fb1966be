import { type FieldViolation, validationError } from '@scaivault/errors';
import type { PolicyFields, PolicyScope } from './policy.ts';

/** PostgreSQL has no text with this character in it. */
const holdsNul = (text: string | null): boolean => text?.includes('\0') ?? false;

/**
 * What the contract's field options cannot say: only a partner may go ahead of every tenant (rest-api-core 6.1). 422
 * with every violation.
 */
export const checkFields = (scope: PolicyScope, { name, description, priority }: Omit<PolicyFields, 'rules'>): void => {
  const violations: FieldViolation[] = [];
  if (holdsNul(name)) violations.push({ field: 'name', rule: 'format', message: 'holds a NUL character' });
  if (holdsNul(description))
    violations.push({ field: 'description', rule: 'format', message: 'holds a NUL character' });
  if (scope === 'tenant' && priority < 0) {
    violations.push({ field: 'priority', rule: 'range', message: 'must be from 0 to 1000 in a tenant policy' });
  }
  if (violations.length > 0) throw validationError(violations);
};
