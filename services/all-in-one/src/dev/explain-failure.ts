import { isVaultError } from '@scaivault/errors';
import { ConfigurationError } from '@scaivault/runtime';

const isSystemError = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'code' in error;

/** Why the start failed and what to do about it, in words; unknown failures keep their stack. */
export const explainFailure = (error: unknown): string => {
  if (error instanceof ConfigurationError || isVaultError(error)) return `ScaiVault did not start: ${error.message}\n`;
  if (isSystemError(error) && error.code === 'EADDRINUSE') {
    return `ScaiVault did not start: ${error.message}.\nIs it running already? Otherwise name another port: BIND_ADDRESS=127.0.0.1:9000 (the API) or SCAIKEY_EMULATOR_BIND=127.0.0.1:9001 (the identity provider for development).\n`;
  }
  return `ScaiVault did not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
};
