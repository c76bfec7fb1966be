import { VaultError } from '@scaivault/errors';
import type { Logger, Metrics } from '@scaivault/runtime';
import { type Scope, type SecretPath, scopeId } from '@scaivault/tenancy';

/** The one place a value belongs to. */
export interface ValuePlace {
  readonly scope: Scope;
  readonly path: SecretPath;
  readonly version: number;
}

/** Tells the operators that what is stored for a version is not what was written; the answer to throw says nothing. */
export type IntegrityAlarm = (place: ValuePlace, cause: unknown) => VaultError;

/** Counts each alarm and logs it with `alarm: integrity`. */
export const createIntegrityAlarm =
  ({
    logger,
    metrics,
  }: {
    readonly logger: Pick<Logger, 'error'>;
    readonly metrics: Pick<Metrics, 'integrityAlarms'>;
  }): IntegrityAlarm =>
  ({ scope, path, version }, cause) => {
    metrics.integrityAlarms.inc();
    logger.error(
      { alarm: 'integrity', scope: scopeId(scope), path, version, err: cause },
      'A stored secret is not what was written there.',
    );
    return new VaultError('internal_error', 'An internal error occurred. Report it with the request id.', { cause });
  };
