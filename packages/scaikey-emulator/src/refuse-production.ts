import { VaultError } from '@scaivault/errors';

/**
 * Throws `invalid_config` when the process runs with NODE_ENV=production: the emulator gives anyone a token for anyone.
 * It reads the environment itself, because a guard that its callers must remember is none.
 */
export const refuseProduction = (nodeEnv: string | undefined = process.env.NODE_ENV): void => {
  if (nodeEnv?.trim().toLowerCase() !== 'production') return;
  throw new VaultError(
    'invalid_config',
    'The ScaiKey emulator mints tokens for whoever asks and refuses to run with NODE_ENV=production. Use a real ScaiKey.',
  );
};
