import { fieldError, VaultError } from '@scaivault/errors';
import { parseRules } from '@scaivault/policy-engine';
import type { RuleList } from './policy.ts';

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new VaultError('invalid_request', 'rules is not JSON.', {
      cause: error,
      details: { reason: 'malformed_json' },
    });
  }
};

/**
 * The `rules` of a request, checked and with their defaults filled in. 422 when they are missing or of the wrong shape,
 * 400 `invalid_policy`, `invalid_glob` or `invalid_duration` when they are not sound (rest-api-core 6.1 to 6.3).
 */
export const readRules = (bytes: Uint8Array | undefined): RuleList => {
  if (bytes === undefined || bytes.length === 0) throw fieldError('rules', 'required', 'is required');
  const rules = parseRules(parseJson(bytes));
  return { json: JSON.stringify(rules), count: rules.length };
};
