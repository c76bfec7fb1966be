import { type KeyWrapper, openLocalKeyWrapper } from '@scaivault/crypto';
import { type Configuration, ConfigurationError } from '@scaivault/runtime';

/**
 * The keeper of the root key that the configuration names. A root key is made only where the schema makes itself as
 * well (DATABASE_MIGRATE=auto) and no key in the database hangs on an earlier one: anywhere else a missing file means
 * that data is out of reach, and a new key would hide it.
 */
export const openKeyWrapper = async (
  config: Pick<Configuration, 'KMS_PROVIDER' | 'KMS_LOCAL_KEY_FILE' | 'DATABASE_MIGRATE'>,
  holdsKeys: () => Promise<boolean>,
): Promise<KeyWrapper> => {
  const { KMS_PROVIDER: provider, KMS_LOCAL_KEY_FILE: keyFile } = config;
  if (provider === undefined) throw new ConfigurationError('KMS_PROVIDER', 'is needed: it keeps the root key');
  if (provider !== 'local') {
    throw new ConfigurationError('KMS_PROVIDER', `is ${provider}, which is not available in this version; use local`);
  }
  if (keyFile === undefined) {
    throw new ConfigurationError('KMS_LOCAL_KEY_FILE', 'is needed with KMS_PROVIDER=local: the file of the root key');
  }
  const create = config.DATABASE_MIGRATE === 'auto' && !(await holdsKeys());
  return await openLocalKeyWrapper({ keyFile, create });
};
