import type { ConfigReader } from '../config-reader.ts';

/** Where a key pair's public half goes (rest-api-core 5). */
export const readPublicField = (config: ConfigReader, name: string): string =>
  config.name('public_field', name === 'private_key' ? 'public_key' : `${name}_public`);
