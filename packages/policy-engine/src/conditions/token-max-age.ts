import { parseDuration } from '@scaivault/tenancy';
import type { ReadCondition } from './condition.ts';

/** Holds while the token is no older than the value; a token without a time of issue is too old. */
export const readTokenMaxAge: ReadCondition = (value, { field }) => {
  const { seconds } = parseDuration(value, { field });
  return {
    name: 'token_max_age',
    code: 'access_denied',
    mfaMaxAge: null,
    isAboutRequest: true,
    holds: ({ nowMs, issuedAtMs }) => issuedAtMs !== null && nowMs - issuedAtMs <= seconds * 1000,
  };
};
