import { inspect } from 'node:util';
import { isVaultError } from '@scaivault/errors';
import { expect } from 'vitest';
import { S3Failure } from '../src/s3/s3-failure.ts';

/**
 * What a call was refused with: 503 whose message is the public one, whose cause is an S3Failure, and in which, however
 * deep one looks, none of `secrets` stands.
 */
export const s3FailureOf = async (call: Promise<unknown>, secrets: readonly string[]): Promise<S3Failure> => {
  const error: unknown = await call.then(
    () => new Error('The call should have failed.'),
    (thrown: unknown) => thrown,
  );
  if (!isVaultError(error, 'service_unavailable') || !(error.cause instanceof S3Failure)) throw error;
  expect(error.message).toBe('The object store is not available at the moment.');
  expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(1);
  const everything = inspect(error, { depth: 20, showHidden: true, getters: true });
  for (const secret of [...secrets, 'authorization', 'Credential=']) expect(everything).not.toContain(secret);
  return error.cause;
};
