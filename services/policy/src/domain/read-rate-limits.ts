import { type FieldViolation, fieldError, validationError } from '@scaivault/errors';
import { isRateCategory } from '@scaivault/pipeline';
import { type RateCategory, rateCategories } from '@scaivault/runtime';
import { typeOfIdentity } from './bound-identity.ts';
import type { RateLimits } from './rate-limit-entry.ts';

const mostPerMinute = 100_000;

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
};

const faultOf = (category: string, limit: unknown): Omit<FieldViolation, 'field'> | undefined => {
  if (!isRateCategory(category)) return { rule: 'unknown', message: 'is no rate category' };
  if (rateCategories[category].by === 'address')
    return { rule: 'enum', message: 'is counted by address, so no identity has a figure of its own' };
  if (!Number.isInteger(limit)) return { rule: 'type', message: 'must be a whole number' };
  if (Number(limit) < 1 || Number(limit) > mostPerMinute)
    return { rule: 'range', message: `must be from 1 to ${mostPerMinute}` };
  return undefined;
};

/** The `limits` of a request (rest-api-core 13.4): 1 to 100000 units a minute by category; 422 for anything else. */
export const readRateLimits = (bytes: Uint8Array | undefined): RateLimits => {
  if (bytes === undefined || bytes.length === 0) throw fieldError('limits', 'required', 'is required');
  const value = parseJson(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fieldError('limits', 'type', 'must be an object');
  const entries = Object.entries(value);
  if (entries.length === 0) throw fieldError('limits', 'length', 'must name at least one category');
  const violations = entries.flatMap(([category, limit]) => {
    const fault = faultOf(category, limit);
    return fault === undefined ? [] : [{ field: `limits.${category}`, ...fault }];
  });
  if (violations.length > 0) throw validationError(violations);
  return Object.fromEntries(entries) as Record<RateCategory, number>;
};

/** 422 unless it is `*`, or a user or service account; groups make no requests. */
export const checkLimitedIdentity = (identityId: string): void => {
  const type = typeOfIdentity(identityId);
  if (identityId === '*' || type === 'user' || type === 'service_account') return;
  throw fieldError('identity_id', 'format', 'must be user: or sa: and a name, or * for the tenant');
};
