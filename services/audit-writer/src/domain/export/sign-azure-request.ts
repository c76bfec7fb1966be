import { createHmac } from 'node:crypto';

export interface AzureRequest {
  readonly method: 'PUT';
  /** As it is sent: encoded, without a query. */
  readonly path: string;
  readonly contentLength: number;
  /** Base64. */
  readonly contentMd5: string;
  readonly contentType: string;
  /** Those that begin with `x-ms-`, lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The Authorization of a request to Azure Blob Storage ("Authorize with Shared Key", 2015-02-21 and later). */
export const signAzureRequest = (request: AzureRequest, accountName: string, accountKey: string): string => {
  const { method, path, contentLength, contentMd5, contentType, headers } = request;
  const text = [
    method,
    '', // Content-Encoding
    '', // Content-Language
    contentLength === 0 ? '' : contentLength,
    contentMd5,
    contentType,
    '', // Date: x-ms-date stands for it
    '', // If-Modified-Since
    '', // If-Match
    '', // If-None-Match
    '', // If-Unmodified-Since
    '', // Range
    ...Object.keys(headers)
      .sort()
      .map((name) => `${name}:${headers[name]?.trim()}`),
    `/${accountName}${path}`,
  ].join('\n');
  const signature = createHmac('sha256', Buffer.from(accountKey, 'base64')).update(text).digest('base64');
  return `SharedKey ${accountName}:${signature}`;
};
