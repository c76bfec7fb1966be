import type { Outbound } from '@scaivault/outbound';
import type { AzureCredentials } from '../../domain/export/credentials.ts';
import { signAzureRequest } from '../../domain/export/sign-azure-request.ts';
import type { Store } from '../../ports/exports.ts';
import { md5Of } from './md5-of.ts';
import { objectPath } from './object-path.ts';
import { putObject } from './put-object.ts';

/** The first version that puts blobs of more than 256 MiB; what is asked of it has not changed since. */
const apiVersion = '2019-12-12';

/** A container of Azure Blob Storage (Put Blob), by the account's key or a shared access signature. */
export const openAzureBlob = (
  outbound: Pick<Outbound, 'send'>,
  { accountName, accountKey, sasToken, endpoint }: AzureCredentials,
  container: string,
  nowMs: () => number,
): Store => ({
  put: async ({ name, contentType, content }, timeoutMs) => {
    const url = new URL(`${endpoint}/${container}/${objectPath(name)}`);
    const contentMd5 = md5Of(content);
    const contentLength = content.reduce((sum, { length }) => sum + length, 0);
    const own = {
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-date': new Date(nowMs()).toUTCString(),
      'x-ms-version': apiVersion,
    };
    const headers: Record<string, string> = { ...own, 'content-md5': contentMd5, 'content-type': contentType };
    if (accountKey !== undefined) {
      const { pathname: path } = url;
      const request = { method: 'PUT', path, contentLength, contentMd5, contentType, headers: own } as const;
      headers.authorization = signAzureRequest(request, accountName, accountKey);
    }
    const address = sasToken === undefined ? url.href : `${url.href}?${sasToken}`;
    await putObject(outbound, address, { headers, body: content }, timeoutMs);
  },
});
