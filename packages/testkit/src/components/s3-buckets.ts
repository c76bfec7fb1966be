import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';

/** How a test reaches an S3 server, as `openS3ObjectStore` takes it. */
export interface S3Access {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly forcePathStyle: true;
}

export interface S3Buckets {
  /** A new empty bucket; its name. */
  create(): Promise<string>;
  /** All objects of a bucket by their names. */
  read(bucket: string): Promise<ReadonlyMap<string, Buffer>>;
  /** Removes those it made, with what is in them. */
  removeAll(): Promise<void>;
}

/** Buckets of their own for tests, on a server that may hold others. */
export const openS3Buckets = ({ accessKeyId, secretAccessKey, ...server }: S3Access): S3Buckets => {
  const client = new S3Client({ ...server, credentials: { accessKeyId, secretAccessKey } });
  const made: string[] = [];

  const remove = async (bucket: string): Promise<void> => {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket })) {
      for (const { Key } of page.Contents ?? []) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    }
    await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  };

  return {
    async create() {
      const bucket = `scaivault-test-${randomBytes(8).toString('hex')}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      made.push(bucket);
      return bucket;
    },
    async read(bucket) {
      const objects = new Map<string, Buffer>();
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket })) {
        for (const { Key = '' } of page.Contents ?? []) {
          const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
          objects.set(Key, Buffer.from((await Body?.transformToByteArray()) ?? []));
        }
      }
      return objects;
    },
    async removeAll() {
      for (const bucket of made.splice(0)) await remove(bucket);
      client.destroy();
    },
  };
};
