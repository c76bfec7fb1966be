import { encodeAad, IntegrityError, type KeyChain } from '@scaivault/crypto';
import { isVaultError, VaultError } from '@scaivault/errors';
import type { Logger, Metrics } from '@scaivault/runtime';
import { type Scope, type SecretPath, scopeId } from '@scaivault/tenancy';
import type { SecretCipher } from '../ports.ts';

/**
 * Whether the bytes or the key named beside them are to blame: not an outage, which is a 503. A row that was moved to
 * another scope names a key that this scope does not have.
 */
const isIntegrityFailure = (error: unknown): boolean =>
  error instanceof IntegrityError || (isVaultError(error) && error.httpStatus !== 503);

/**
 * Values under the key chain, each bound to its scope, path and version (rest-api-core 14): a row that was moved,
 * swapped or changed in the database does not open, but sounds the alarm.
 */
export const createSecretCipher = ({
  keys,
  logger,
  metrics,
}: {
  readonly keys: Pick<KeyChain, 'sealData' | 'openData'>;
  readonly logger: Pick<Logger, 'error'>;
  readonly metrics: Pick<Metrics, 'integrityAlarms'>;
}): SecretCipher => {
  const place = (scope: Scope, path: SecretPath, version: number): Buffer =>
    encodeAad({ purpose: 'secret', scopeId: scopeId(scope), pathId: path, version });

  const alarmed = (error: unknown, scope: Scope, path: SecretPath, version: number): unknown => {
    if (!isIntegrityFailure(error)) return error;
    metrics.integrityAlarms.inc();
    logger.error(
      { alarm: 'integrity', scope: scopeId(scope), path, version, err: error },
      'A stored secret is not what was written there.',
    );
    return new VaultError('internal_error', 'An internal error occurred. Report it with the request id.', {
      cause: error,
    });
  };

  return {
    async seal(scope, path, version, data) {
      try {
        return await keys.sealData(scope, place(scope, path, version), data);
      } catch (error) {
        throw alarmed(error, scope, path, version);
      }
    },
    async open(scope, path, version, sealed) {
      try {
        return await keys.openData(scope, place(scope, path, version), sealed);
      } catch (error) {
        throw alarmed(error, scope, path, version);
      }
    },
  };
};
