import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { VaultError } from '@scaivault/errors';
import { checkAddress } from '../check-address.ts';
import type { ObjectStore } from '../object-store.ts';
import { createRunningCalls } from '../running-calls.ts';
import { storeUnavailable } from '../store-unavailable.ts';
import { limitAnswers } from './limit-answers.ts';
import { isObjectPrefix, objectName } from './object-name.ts';
import { S3Failure } from './s3-failure.ts';
import { withDeadline } from './with-deadline.ts';

export interface S3ObjectStoreOptions {
  /** `https://host:port` of an S3-compatible server (S3_ENDPOINT); left out, the one of AWS for the region. */
  readonly endpoint?: string;
  readonly bucket: string;
  readonly region: string;
  /** Both keys or none; with none the SDK's default chain finds them (role of the machine, profile, environment). */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** `endpoint/bucket/…` instead of `bucket.endpoint/…` (S3_FORCE_PATH_STYLE). */
  readonly forcePathStyle: boolean;
  /** The folder of this installation in the bucket, `a` or `a/b`; left out, the bucket is its own. */
  readonly prefix?: string;
  /** For one call of the port, with finding credentials, connecting and every attempt. */
  readonly timeoutMs: number;
  /** The largest object that is written, and that is read back. */
  readonly largestBytes: number;
}

const mostAttempts = 3;

const chooseCredentials = ({ accessKeyId, secretAccessKey }: S3ObjectStoreOptions) => {
  if (accessKeyId === undefined && secretAccessKey === undefined) return {};
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new VaultError('invalid_config', 'The object store has one half of its access key; give both or none.');
  }
  return { credentials: { accessKeyId, secretAccessKey } };
};

const openClient = (options: S3ObjectStoreOptions): S3Client => {
  const client = new S3Client({
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...chooseCredentials(options),
    region: options.region,
    forcePathStyle: options.forcePathStyle,
    maxAttempts: mostAttempts,
    retryMode: 'standard',
    // Corrupted uploads are refused by the server, corrupted downloads by the client.
    requestChecksumCalculation: 'WHEN_SUPPORTED',
    responseChecksumValidation: 'WHEN_SUPPORTED',
    // It would cost a connection and a round trip for each large upload, and up to six seconds where a server ignores it.
    expectContinueHeader: false,
    // One address that swallows packets leaves time to try the next.
    requestHandler: { connectionTimeout: Math.ceil(options.timeoutMs / mostAttempts) },
  });
  limitAnswers(client, options.largestBytes);
  return client;
};

/**
 * Objects in a bucket of S3 or of a server that speaks it. Opens nothing yet. Whatever keeps a call from being done, a
 * missing bucket and refused credentials included, is 503 `service_unavailable` within `timeoutMs`, its cause an
 * S3Failure. `put` beyond `largestBytes` is 413 `payload_too_large`; `invalid_config` for half an access key and for a
 * prefix that is none.
 */
export const openS3ObjectStore = (options: S3ObjectStoreOptions): ObjectStore => {
  const { bucket, prefix, timeoutMs, largestBytes } = options;
  if (prefix !== undefined && !isObjectPrefix(prefix)) {
    throw new VaultError('invalid_config', 'The prefix of the object store is folder names joined by "/".');
  }
  const client = openClient(options);
  const calls = createRunningCalls();

  const call = <Result>(operation: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> =>
    withDeadline(timeoutMs, work).catch((error: unknown) => {
      throw storeUnavailable(new S3Failure(operation, error));
    });

  return {
    put: (scopeId, key, bytes) =>
      calls.run(async () => {
        checkAddress(scopeId, key);
        if (bytes.length > largestBytes) {
          throw new VaultError('payload_too_large', `An object has at most ${largestBytes} bytes.`);
        }
        const command = new PutObjectCommand({
          Bucket: bucket,
          Key: objectName(prefix, scopeId, key),
          Body: bytes,
          ContentType: 'application/octet-stream',
        });
        await call('put', (abortSignal) => client.send(command, { abortSignal }));
      }),

    get: (scopeId, key) =>
      calls.run(async () => {
        checkAddress(scopeId, key);
        const command = new GetObjectCommand({ Bucket: bucket, Key: objectName(prefix, scopeId, key) });
        return call('get', async (abortSignal) => {
          try {
            const { Body: body } = await client.send(command, { abortSignal });
            const bytes = (await body?.transformToByteArray()) ?? new Uint8Array();
            return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
          } catch (error) {
            // A missing bucket is 404 as well, and another class.
            if (error instanceof NoSuchKey) return undefined;
            throw error;
          }
        });
      }),

    delete: (scopeId, key) =>
      calls.run(async () => {
        checkAddress(scopeId, key);
        const command = new DeleteObjectCommand({ Bucket: bucket, Key: objectName(prefix, scopeId, key) });
        await call('delete', async (abortSignal) => {
          try {
            await client.send(command, { abortSignal });
          } catch (error) {
            // S3 does not mind; some servers that speak it do.
            if (!(error instanceof NoSuchKey)) throw error;
          }
        });
      }),

    check: () =>
      calls.run(async () => {
        await call('check', (abortSignal) => client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal }));
      }),

    async close() {
      await calls.close();
      client.destroy();
    },
  };
};
