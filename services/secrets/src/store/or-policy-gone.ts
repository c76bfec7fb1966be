import { isForeignKeyViolation } from '@scaivault/db';
import { secretPolicyNotFound } from '../domain/secret-policies/refusals.ts';

/** A secret policy that was deleted between its look-up and the write that attaches it is not found. */
export const orPolicyGone = async <Result>(writing: Promise<Result>): Promise<Result> => {
  try {
    return await writing;
  } catch (error) {
    throw isForeignKeyViolation(error, 'secret_by_policy') ? secretPolicyNotFound() : error;
  }
};
