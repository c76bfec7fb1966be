import { isCheckViolation } from '@scaivault/db';
import { tooMuch } from '../domain/refusals.ts';

/** Translates what the table `extent` refuses when a transaction commits: 400 `invalid_policy`, `too_many`. */
export const withinExtent = async <Result>(transaction: Promise<Result>): Promise<Result> => {
  try {
    return await transaction;
  } catch (error) {
    if (isCheckViolation(error, 'extent_rules')) throw tooMuch('rules');
    if (isCheckViolation(error, 'extent_bytes')) throw tooMuch('bytes');
    throw error;
  }
};
