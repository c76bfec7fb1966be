import { readFileSync } from 'node:fs';
import { type Configuration, ConfigurationError } from '../config/configuration.ts';
import type { TlsIdentity } from '../transport/tls.ts';

const read = (config: Configuration, name: 'RPC_TLS_CERT_FILE' | 'RPC_TLS_KEY_FILE' | 'RPC_TLS_CA_FILE'): Buffer => {
  const path = config[name];
  if (path === undefined) throw new ConfigurationError(name, 'is needed: our processes speak mutual TLS only');
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigurationError(name, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
  }
};

/** Certificate, key and authority of this process from the files that the configuration names. */
export const readTlsIdentity = (config: Configuration): TlsIdentity => ({
  certificate: read(config, 'RPC_TLS_CERT_FILE'),
  key: read(config, 'RPC_TLS_KEY_FILE'),
  authority: read(config, 'RPC_TLS_CA_FILE'),
});
