import type { Transport } from '@connectrpc/connect';
import { CredentialsService } from '@scaivault/contracts/secrets/v1/credentials';
import { createClient } from '@scaivault/runtime';
import type { ReadCredentials } from '../../ports/exports.ts';

const timeoutMs = 5_000;

/** Has the secrets service judge, audit and carry out the read in the name of the caller whose token goes along. */
export const createReadCredentials = (transport: Transport): ReadCredentials => {
  const client = createClient(CredentialsService, transport);
  return async (path, metadata) =>
    (await client.readExportCredentials({ path }, { headers: metadata, timeoutMs })).data;
};
