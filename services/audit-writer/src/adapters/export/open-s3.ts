import type { Outbound } from '@scaivault/outbound';
import type { S3Credentials } from '../../domain/export/credentials.ts';
import { amzDate, signAwsRequest } from '../../domain/export/sign-aws-request.ts';
import type { Store } from '../../ports/exports.ts';
import { objectPath } from './object-path.ts';
import { putObject } from './put-object.ts';

/** The address of a bucket, without a slash at the end. */
const bucketUrl = ({ endpoint, region, addressing }: S3Credentials, bucket: string): string => {
  const server = endpoint ?? `https://s3.${region}.amazonaws.com`;
  // A name with dots fits no certificate in front of the server's.
  if (addressing === 'path' || bucket.includes('.')) return `${server}/${bucket}`;
  return server.replace('://', `://${bucket}.`);
};

/** A bucket of S3, or of a server that speaks it (PutObject; the content's SHA-256 is signed, so the server checks it). */
export const openS3 = (
  outbound: Pick<Outbound, 'send'>,
  credentials: S3Credentials,
  bucket: string,
  nowMs: () => number,
): Store => ({
  put: async ({ name, contentType, content, sha256 }, timeoutMs) => {
    const url = new URL(`${bucketUrl(credentials, bucket)}/${objectPath(name)}`);
    const { sessionToken } = credentials;
    const headers = {
      host: url.host,
      'content-type': contentType,
      'x-amz-content-sha256': sha256.toString('hex'),
      'x-amz-date': amzDate(nowMs()),
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    };
    const authorization = signAwsRequest({ method: 'PUT', path: url.pathname, headers }, credentials);
    await putObject(outbound, url.href, { headers: { ...headers, authorization }, body: content }, timeoutMs);
  },
});
