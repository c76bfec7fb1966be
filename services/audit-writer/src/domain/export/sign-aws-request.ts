import { createHash, createHmac } from 'node:crypto';
import type { S3Credentials } from './credentials.ts';

export interface AwsRequest {
  readonly method: 'PUT';
  /** As it is sent: encoded, without a query. */
  readonly path: string;
  /** Lower-case names; `host`, `x-amz-date` and `x-amz-content-sha256` among them. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** `20260102T030405Z`, as x-amz-date has it. */
export const amzDate = (nowMs: number): string => new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');

/** The Authorization of a request to S3 (AWS Signature Version 4, "Authenticating Requests: Using the Authorization Header"). */
export const signAwsRequest = (
  { method, path, headers }: AwsRequest,
  { accessKeyId, secretAccessKey, region }: Pick<S3Credentials, 'accessKeyId' | 'secretAccessKey' | 'region'>,
): string => {
  const names = Object.keys(headers).sort();
  const canonical = [
    method,
    path,
    '',
    ...names.map((name) => `${name}:${headers[name]?.trim()}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const at = headers['x-amz-date'] ?? '';
  const day = at.slice(0, 8);
  const scope = `${day}/${region}/s3/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), 's3'), 'aws4_request');
  const signature = hmac(key, ['AWS4-HMAC-SHA256', at, scope, digest].join('\n')).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
};
